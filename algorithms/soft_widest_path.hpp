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
                             promise::equivariant, promise::non_negative, promise::unreachable_is_zero,
                             promise::uses_every_layer, promise::independent_of_upper_layers}};
    }

    explicit SoftWidestPath(const Parameters& parameters) : soft_{parameters.get<double>("temperature")} {}

    Attribution attribute(const AttributionProblem& problem) const { return attribute_paths(soft_, problem); }
    std::vector<Attribution> attribute_layers(const LayersProblem& problem) const {
        return attribute_paths(soft_, problem);
    }

    RowMajor<double> definition(const AttributionProblem& problem) const {
        const auto& network = problem.network;
        const double t = soft_.temperature;
        RowMajor<double> scores(problem.sources.size(), network.width(0), 0.0);
        for (std::size_t s = 0; s < problem.sources.size(); ++s) {
            std::vector<double> above(network.width(problem.layer), 0.0);  // exp(-worth / t), 0 where unreached
            std::vector<bool> reached(above.size(), false);
            reached[problem.sources[s]] = true;
            for (std::size_t l = problem.layer; l > 0; --l) {
                std::vector<double> sums(network.width(l - 1), 0.0);  // of exp(soft minimum / t)
                for (std::size_t i = 0; i < above.size(); ++i) {
                    for (std::size_t j = 0; j < sums.size(); ++j) {
                        const double weight = network.capacity(l, i, j);
                        if (reached[i] && weight > 0.0) sums[j] += 1.0 / (above[i] + std::exp(-weight / t));
                    }
                }
                above.assign(sums.size(), 0.0);
                reached.assign(sums.size(), false);
                for (std::size_t j = 0; j < sums.size(); ++j) {
                    reached[j] = sums[j] > 0.0;
                    if (reached[j]) above[j] = 1.0 / sums[j];
                }
            }
            for (std::size_t j = 0; j < above.size(); ++j) {
                if (reached[j])
                    scores(s, j) = t * (std::log(static_cast<double>(problem.layer)) - std::log(above[j]));
            }
        }
        return scores;
    }

private:
    SoftMaxMin soft_;
};

}  // namespace attnflow
