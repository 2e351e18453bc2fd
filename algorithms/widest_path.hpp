#pragma once
/// Widest path: the best path from (l, s) down to (0, t) when a path is worth its smallest
/// weight, max over paths of min over edges.
///
/// What one path alone can carry: a feasible flow, hence a lower bound of the max flow on any
/// network, at the price of rollout. Paths neither add up nor compete. Many pairs tie, because
/// one narrow edge decides for all paths through it.
///
/// Scores: [source, token], exactly one of the weights, or 0 where there is no path.
/// With paths: the canonical widest path of each pair (see paths/best_paths.hpp).
/// Complexity: O(l n^2) a source, O(L n^3) for all sources of all layers.
///
/// Pollack, "The maximum capacity through a network", Operations Research 8(5), 1960; on
/// attention: Vico, arXiv:2407.06182

#include "algorithms/path_attribution.hpp"

namespace attnflow {

class WidestPath {
public:
    static EntryInfo describe() {
        return {.name = "widest_path",
                .summary = "largest smallest weight of a path: a lower bound of attention flow, with the path",
                .paper = "Pollack 1960, Operations Research 8(5); on attention: arXiv:2407.06182",
                .complexity = "O(L n^2) a source",
                .axes = {axis::heads, axis::skip_weight, axis::layer, axis::source},
                .promises = {promise::at_most_one, promise::at_most_column_sum, promise::at_most_flow,
                             promise::homogeneous, promise::monotone, promise::identity, promise::equivariant,
                             promise::non_negative, promise::unreachable_is_zero, promise::uses_every_layer,
                             promise::independent_of_upper_layers}};
    }

    Attribution attribute(const AttributionProblem& problem) const {
        return attribute_paths(MaxMin<double>(), problem);
    }
    std::vector<Attribution> attribute_layers(const LayersProblem& problem) const {
        return attribute_paths(MaxMin<double>(), problem);
    }

    RowMajor<double> definition(const AttributionProblem& problem) const {
        return by_paths(problem, [](double widest, std::span<const double> weights) {
            return std::max(widest, *std::min_element(weights.begin(), weights.end()));
        });
    }
};

}  // namespace attnflow
