#pragma once
/// Above the mean: keeps the weights of a row that are at least the mean of the row.  O(n^2) a layer.

#include <numeric>

#include "attention/network/pruning/edge_pruner.hpp"

class AboveMean {
public:
    static attnflow::EntryInfo describe() {
        using namespace attnflow;
        return {.name = "above_mean",
                .summary = "keeps the weights of a row that are at least its mean",
                .complexity = "O(n^2) a layer",
                .promises = {prune_promise::equivariant, prune_promise::idempotent}};
    }

    void prune(std::span<double> weights, std::size_t keys) const {
        for (std::size_t first = 0; first < weights.size(); first += keys) {
            const auto row = weights.subspan(first, keys);
            const double mean = std::accumulate(row.begin(), row.end(), 0.0) / static_cast<double>(keys);
            for (double& weight : row) {
                if (weight < mean) weight = 0.0;
            }
        }
    }

    static std::vector<attnflow::KnownPruning> known_prunings() {
        return {{3, {0.5, 0.3, 0.2, 0.1, 0.1, 0.8}, {0.5, 0.0, 0.0, 0.0, 0.0, 0.8}}};
    }
};
