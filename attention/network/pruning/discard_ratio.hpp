#pragma once
/// Drops the smallest weights of a layer: floor(ratio * n^2) of them, whatever their row. Of
/// equal weights the one that comes first, row by row, is dropped first.
///
/// vit-explain means to spare the class token and spares the weight of query 0 on key 0
/// alone; `keep_first` does the same.  O(n^2) expected.
///
/// jacobgil/vit-explain, vit_rollout.py, discard_ratio

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <vector>

#include "attention/network/pruning/edge_pruner.hpp"

namespace attnflow {

class DiscardRatio {
public:
    static EntryInfo describe() {
        return {.name = "discard_ratio",
                .summary = "drops the smallest weights of each layer, a share of all its entries",
                .paper = "github.com/jacobgil/vit-explain",
                .complexity = "O(n^2) a layer",
                .parameters = {{.name = "ratio",
                                .summary = "share of the entries of a layer to drop",
                                .fallback = 0.9,
                                .minimum = 0.0,
                                .maximum = 1.0},
                               {.name = "keep_first",
                                .summary = "spare the weight of query 0 on key 0, as vit-explain does",
                                .fallback = false}},
                .promises = {prune_promise::equivariant, prune_promise::idempotent}};
    }
    static std::vector<KnownPruning> known_prunings() {
        return {{5,
                 {0.4, 0.1, 0.2, 0.15, 0.15, 0.3, 0.05, 0.25, 0.2, 0.2},
                 {0.4, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0}}};
    }

    explicit DiscardRatio(const Parameters& parameters)
        : ratio_(parameters.get<double>("ratio")), keep_first_(parameters.get<bool>("keep_first")) {}

    void prune(std::span<double> weights, std::size_t) {
        order_.resize(weights.size());
        std::iota(order_.begin(), order_.end(), std::size_t{0});
        const auto kept =
            order_.begin() + static_cast<std::ptrdiff_t>(ratio_ * static_cast<double>(weights.size()));
        std::nth_element(order_.begin(), kept, order_.end(), [&](std::size_t a, std::size_t b) {
            return weights[a] != weights[b] ? weights[a] < weights[b] : a < b;
        });
        std::for_each(order_.begin(), kept, [&](std::size_t k) {
            if (k != 0 || !keep_first_) weights[k] = 0.0;
        });
    }

private:
    double ratio_;
    bool keep_first_;
    std::vector<std::size_t> order_;
};

}  // namespace attnflow
