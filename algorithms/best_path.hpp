#pragma once
/// Best path: the largest product of weights on one path from (l, s) down to (0, t).
///
/// The single route that contributes most to rollout: rollout adds up all paths, this keeps
/// one, so it is at most rollout and, on rows that sum to at most 1, at most the widest path
/// and the flow. Products of many weights are small; compare scores with each other.
///
/// Scores: [source, token], in [0, 1] when the weights are; 0 where there is no path.
/// With paths: the canonical best path of each pair (see paths/best_paths.hpp).
/// Complexity: O(l n^2) a source, O(L n^3) for all sources of all layers.
///
/// Viterbi, IEEE Trans. Information Theory 13(2), 1967 (the most probable path of a chain)

#include "algorithms/path_attribution.hpp"

namespace attnflow {

class BestPath {
public:
    static EntryInfo describe() {
        return {.name = "best_path",
                .summary = "largest product of weights of a path: the main route of rollout, with the path",
                .paper = "Viterbi 1967, IEEE Trans. Information Theory 13(2)",
                .complexity = "O(L n^2) a source",
                .axes = {axis::heads, axis::skip_weight, axis::layer, axis::source},
                .promises = {promise::at_most_one, promise::at_most_column_sum, promise::at_most_rollout,
                             promise::at_most_flow, promise::multilinear, promise::monotone, promise::identity,
                             promise::equivariant, promise::non_negative, promise::unreachable_is_zero,
                             promise::uses_every_layer, promise::independent_of_upper_layers}};
    }

    Attribution attribute(const AttributionProblem& problem) const {
        return attribute_paths(MaxTimes<double>(), problem);
    }
    std::vector<Attribution> attribute_layers(const LayersProblem& problem) const {
        return attribute_paths(MaxTimes<double>(), problem);
    }

    RowMajor<double> definition(const AttributionProblem& problem) const {
        return by_paths(problem, [](double best, std::span<const double> weights) {
            return std::max(best, product(weights));
        });
    }
};

}  // namespace attnflow
