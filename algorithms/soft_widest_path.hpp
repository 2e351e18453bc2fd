#pragma once
/// Soft widest path: the widest path with a temperature t. Maximum and minimum become
///
///     max: t log sum exp(x / t)        min: -t log mean exp(-x / t), over the l edges of a path
///
/// so every path and every edge counts a little, and scores change smoothly with the weights.
///
/// It is *not* a bound of the flow: the soft maximum grows with the number of paths. On l
/// layers of n positions
///
///     widest path <= soft widest path <= widest path + t (log l + (l - 1) log n)
///
/// so choose t well below the weights. The soft operations do not distribute; they are applied
/// from the source down, one layer after the other.
///
/// Scores: [source, token], >= 0; 0 where there is no path.
/// Complexity: O(l n^2) exponentials a source.
///
/// Vico, arXiv:2407.06182 (t = 0.01). There the minimum has a sum in place of the mean, which
/// shifts all scores of a layer by t log l.

#include "algorithms/path_attribution.hpp"

namespace attnflow {

class SoftWidestPath {
public:
    static EntryInfo describe() {
        return {.name = "soft_widest_path",
                .summary = "widest path with soft maximum and minimum: smooth, no bound of the flow",
                .paper = "Vico, arXiv:2407.06182",
                .complexity = "O(L n^2) exponentials a source",
                .parameters = {{.name = "temperature",
                                .summary = "how soft; towards 0 the widest path",
                                .fallback = 0.01,
                                .minimum = 1e-6,
                                .maximum = 1.0}},
                .axes = {axis::heads, axis::skip_weight, axis::layer, axis::source},
                .promises = {promise::at_least_widest_path, promise::monotone, promise::identity,
                             promise::equivariant}};
    }

    explicit SoftWidestPath(const Parameters& parameters) : soft_{parameters.get<double>("temperature")} {}

    Attribution attribute(const AttributionProblem& problem) const { return attribute_paths(soft_, problem); }
    std::vector<Attribution> attribute_layers(const LayersProblem& problem) const {
        return attribute_paths(soft_, problem);
    }

private:
    SoftMaxMin soft_;
};

}  // namespace attnflow
