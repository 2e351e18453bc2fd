#pragma once
/// Attention rollout: the sum over all paths from (l, s) down to (0, t) of the product of
/// the weights on the path, R_l = A_l A_{l-1} ... A_1, row s.
///
/// Read as a random walk from the output down to the input, rollout is the probability of
/// ending in t: mass is split, never in competition. It is a feasible flow, hence at most
/// the max flow wherever the rows of A sum to at most 1.
///
/// Scores: [source, token], in [0, 1], rows sum to 1 when those of A do.
/// Complexity: O(S l n^2) for S sources, one row-times-matrix product a layer.
///
/// Abnar & Zuidema, ACL 2020, arXiv:2005.00928, section 3

#include <Eigen/Core>

#include "algorithms/attribution_method.hpp"

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
                             promise::monotone, promise::identity, promise::equivariant}};
    }

    Attribution attribute(const AttributionProblem& problem) const {
        using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
        const auto& network = problem.network;
        const auto matrix = [&](std::size_t l) {
            return Eigen::Map<const Matrix>(network.layer(l).data(), static_cast<Eigen::Index>(network.width(l)),
                                            static_cast<Eigen::Index>(network.width(l - 1)));
        };
        const auto sources = static_cast<Eigen::Index>(problem.sources.size());
        Matrix rows(sources, static_cast<Eigen::Index>(network.width(problem.layer - 1)));
        for (Eigen::Index s = 0; s < sources; ++s) {
            rows.row(s) =
                matrix(problem.layer).row(static_cast<Eigen::Index>(problem.sources[static_cast<std::size_t>(s)]));
        }
        for (std::size_t l = problem.layer - 1; l >= 1; --l) rows = rows * matrix(l);

        RowMajor<double> scores(problem.sources.size(), network.width(0));
        Eigen::Map<Matrix>(scores.values().data(), rows.rows(), rows.cols()) = rows;
        return {.scores = std::move(scores)};
    }
};

}  // namespace attnflow
