#pragma once
/// Column sum of layer 1: the in-capacity of each input token, sum_i A_1[i][t].
///
/// Not an attribution of its own but the yardstick for attention flow: it is an upper bound
/// of the flow into t from anywhere, and in deep networks the flow often *is* this number
/// (capped by the source's out-capacity), whatever source and upper layers are. A flow that
/// only repeats the column sum says nothing about the path.
///
/// Scores: one row, [token], unit of the attention weights, each in [0, n].  O(n^2).

#include "algorithms/attribution_method.hpp"

namespace attnflow {

class ColumnSum {
public:
    static EntryInfo describe() {
        return {.name = "column_sum",
                .summary = "in-capacity of each token in layer 1: the bound that saturated flow repeats",
                .complexity = "O(n^2)",
                .axes = {axis::heads, axis::skip_weight},
                .promises = {promise::at_most_column_sum, promise::homogeneous, promise::monotone,
                             promise::equivariant, promise::non_negative, promise::affine}};
    }

    Attribution attribute(const AttributionProblem& problem) const {
        const auto& network = problem.network;
        RowMajor<double> scores(1, network.width(0), 0.0);
        for (std::size_t i = 0; i < network.width(1); ++i) {
            const auto row = network.row(1, i);
            for (std::size_t t = 0; t < row.size(); ++t) scores(0, t) += row[t];
        }
        return {.scores = std::move(scores)};
    }

    static std::vector<KnownAnswer> known_answers() {
        const LayeredNetwork<double> network({2, 2, 2}, {0.5, 0.5, 0.0, 1.0, 0.25, 0.75, 1.0, 0.0});
        return {{network, 2, {0}, {{0.5, 1.5}}}};
    }
};

}  // namespace attnflow
