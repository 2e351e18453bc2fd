#pragma once
/// Keeps the k largest weights of each row: every position attends to its k favourite keys. Of
/// equal weights the one further left is kept. k >= n keeps everything.  O(n^2) expected.

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <vector>

#include "attention/network/pruning/edge_pruner.hpp"

namespace attnflow {

class TopKPerRow {
public:
    static EntryInfo describe() {
        return {.name = "top_k_per_row",
                .summary = "keeps the k largest weights of each row",
                .complexity = "O(n^2) a layer",
                .parameters = {{.name = "k",
                                .summary = "weights to keep in each row",
                                .fallback = std::int64_t{5},
                                .minimum = 1}},
                .promises = {prune_promise::equivariant, prune_promise::idempotent}};
    }
    static std::vector<KnownPruning> known_prunings() {
        return {{6,
                 {0.3, 0.1, 0.2, 0.15, 0.05, 0.2, 0.1, 0.1, 0.1, 0.5, 0.1, 0.1},
                 {0.3, 0.1, 0.2, 0.15, 0.0, 0.2, 0.1, 0.1, 0.1, 0.5, 0.1, 0.0}}};
    }

    explicit TopKPerRow(const Parameters& parameters)
        : k_(static_cast<std::size_t>(parameters.get<std::int64_t>("k"))) {}

    void prune(std::span<double> weights, std::size_t keys) {
        if (k_ >= keys) return;
        order_.resize(keys);
        for (std::size_t first = 0; first < weights.size(); first += keys) {
            const auto row = weights.subspan(first, keys);
            std::iota(order_.begin(), order_.end(), std::size_t{0});
            const auto dropped = order_.begin() + static_cast<std::ptrdiff_t>(k_);
            std::nth_element(order_.begin(), dropped, order_.end(), [&](std::size_t a, std::size_t b) {
                return row[a] != row[b] ? row[a] > row[b] : a < b;
            });
            std::for_each(dropped, order_.end(), [&](std::size_t key) { row[key] = 0.0; });
        }
    }

private:
    std::size_t k_;
    std::vector<std::size_t> order_;
};

}  // namespace attnflow
