#pragma once
/// Greedy path: from the source, follow the largest weight down to the input. The token where
/// it ends scores the product of the weights on the way, every other token 0.
///
/// A lower bound of the best path, in [0, 1] when rows sum to 1. Equal weights: the smaller
/// position, and a warning. Scores: [source, token].  O(L n) a source.

#include <algorithm>

#include "algorithms/attribution_method.hpp"

class GreedyPath {
public:
    static attnflow::EntryInfo describe() {
        using namespace attnflow;
        return {.name = "greedy_path",
                .summary = "follow the largest weight from the source down to one token",
                .complexity = "O(L n) a source",
                .axes = {axis::heads, axis::skip_weight, axis::layer, axis::source},
                .promises = {promise::at_most_one, promise::at_most_column_sum, promise::identity,
                             promise::non_negative, promise::unreachable_is_zero,
                             promise::independent_of_upper_layers},
                .diagnostics = {{"ties", "steps at which several weights were the largest"}}};
    }

    attnflow::Attribution attribute(const attnflow::AttributionProblem& problem) const {
        const auto& network = problem.network;
        attnflow::RowMajor<double> scores(problem.sources.size(), network.width(0), 0.0);
        attnflow::Diagnostics diagnostics{{{"ties", 0.0}}};
        for (std::size_t s = 0; s < problem.sources.size(); ++s) {
            std::size_t position = problem.sources[s];
            double product = 1.0;
            for (std::size_t layer = problem.layer; layer >= 1; --layer) {
                const auto row = network.row(layer, position);
                const auto largest = std::max_element(row.begin(), row.end());
                if (std::count(row.begin(), row.end(), *largest) > 1) diagnostics.numbers["ties"] += 1.0;
                product *= *largest;
                position = static_cast<std::size_t>(largest - row.begin());
            }
            scores(s, position) = product;
        }
        if (diagnostics.numbers["ties"] > 0.0)
            diagnostics.warnings = {"several weights were the largest, and the smaller position was taken"};
        return {.scores = std::move(scores), .diagnostics = std::move(diagnostics)};
    }

    static std::vector<attnflow::KnownAnswer> known_answers() {
        return {{attnflow::LayeredNetwork<double>({2, 2, 2}, {0.6, 0.4, 0.1, 0.9, 0.3, 0.7, 0.8, 0.2}),
                 2,
                 {0, 1},
                 {{0.0, 0.63}, {0.48, 0.0}}}};
    }
};
