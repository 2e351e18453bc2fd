#pragma once
/// Shortest path: an edge of weight w is w^-a long, the score is (length of the shortest path
/// from (l, s) to (0, t))^(-1/a).
///
/// For a = 1 the weights of the path are conductances in series. Every edge of the path counts,
/// the narrow ones most; as a grows, only the narrowest: the score tends to the widest path from
/// below, and it separates pairs that tie there. On l layers
///
///     l^(-1/a) widest path <= shortest path <= widest path <= flow
///
/// on any network. (Lengths -log w would give the logarithm of `best_path` and no new ranking.)
///
/// Scores: [source, token], unit of the weights; 0 where there is no path, or where w^-a is
/// too large for a double (weights below 1e-19 at a = 16).
/// With paths: the canonical shortest path of each pair (see paths/best_paths.hpp).
/// Complexity: O(l n^2) a source, O(L n^3) for all sources of all layers.
///
/// Opsahl, Agneessens & Skvoretz, "Node centrality in weighted networks", Social Networks
/// 32(3), 2010, section 3.2 (lengths w^-a)

#include "algorithms/path_attribution.hpp"

namespace attnflow {

class ShortestPath {
public:
    static EntryInfo describe() {
        return {.name = "shortest_path",
                .summary =
                    "shortest path with lengths weight^-exponent, as a weight: at most the widest path, "
                    "fewer ties, with the path",
                .paper = "Opsahl, Agneessens & Skvoretz 2010, Social Networks 32(3)",
                .complexity = "O(L n^2) a source",
                .parameters = {{.name = "exponent",
                                .summary = "1: weights in series; larger: nearer to the widest path",
                                .fallback = 1.0,
                                .minimum = 0.125,
                                .maximum = 16.0}},
                .axes = {axis::heads, axis::skip_weight, axis::layer, axis::source},
                .promises = {promise::at_most_one, promise::at_most_column_sum, promise::at_most_widest_path,
                             promise::at_most_flow, promise::homogeneous, promise::monotone, promise::equivariant,
                             promise::non_negative, promise::unreachable_is_zero, promise::uses_every_layer,
                             promise::independent_of_upper_layers}};
    }

    explicit ShortestPath(const Parameters& parameters) : lengths_{parameters.get<double>("exponent")} {}

    Attribution attribute(const AttributionProblem& problem) const { return attribute_paths(lengths_, problem); }
    std::vector<Attribution> attribute_layers(const LayersProblem& problem) const {
        return attribute_paths(lengths_, problem);
    }

    RowMajor<double> definition(const AttributionProblem& problem) const {
        return by_paths(problem, [a = lengths_.exponent](double best, std::span<const double> weights) {
            double length = 0.0;
            for (const double weight : weights) length += std::pow(weight, -a);
            return std::max(best, std::pow(length, -1.0 / a));
        });
    }

private:
    MinPlus lengths_;
};

}  // namespace attnflow
