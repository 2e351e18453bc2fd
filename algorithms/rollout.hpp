#pragma once
/// Attention rollout: the sum over all paths from (l, s) down to (0, t) of the product of
/// the weights on the path, R_l = A_l A_{l-1} ... A_1, row s.
///
/// Read as a random walk from the output down to the input, rollout is the probability of
/// ending in t: mass is split, never in competition. It is a feasible flow, hence at most
/// the max flow wherever the rows of A sum to at most 1.
///
/// Scores: [source, token], in [0, 1], rows sum to 1 when those of A do.
/// Complexity: O(l n^2) a source, O(L n^3) for all sources of all layers.
///
/// Abnar & Zuidema, ACL 2020, arXiv:2005.00928, section 3

#include "algorithms/path_attribution.hpp"

namespace attnflow {

class Rollout {
public:
    static EntryInfo describe() {
        return {.name = "rollout",
                .summary = "sum over paths of the product of weights (attention rollout)",
                .paper = "Abnar & Zuidema 2020, arXiv:2005.00928",
                .complexity = "O(L n^2) a source",
                .axes = {axis::heads, axis::skip_weight, axis::layer, axis::source},
                .promises = {promise::rows_sum_to_one, promise::at_most_one, promise::at_most_column_sum,
                             promise::at_most_flow, promise::multilinear, promise::monotone, promise::identity,
                             promise::equivariant, promise::non_negative, promise::unreachable_is_zero,
                             promise::uses_every_layer, promise::independent_of_upper_layers, promise::affine}};
    }

    Attribution attribute(const AttributionProblem& problem) const {
        return attribute_paths(PlusTimes<double>(), problem);
    }
    std::vector<Attribution> attribute_layers(const LayersProblem& problem) const {
        return attribute_paths(PlusTimes<double>(), problem);
    }

    RowMajor<double> definition(const AttributionProblem& problem) const {
        return by_paths(problem,
                        [](double sum, std::span<const double> weights) { return sum + product(weights); });
    }
};

}  // namespace attnflow
