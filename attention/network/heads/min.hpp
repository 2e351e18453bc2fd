#pragma once
/// Minimum over heads, W_ij = min_h A_h,ij: what all heads attend to.
///
/// Rows sum to at most 1 before they are renormalised, and to 0 where every key is ignored by
/// some head: such a row keeps only its skip connection.
///
/// Some rows of a head are read at a time: the memory of one matrix whatever H is.  O(H n^2).
///
/// jacobgil/vit-explain, head_fusion = "min"

#include <algorithm>

#include "attention/network/heads/head_aggregator.hpp"

namespace attnflow {

class MinHeads {
public:
    static EntryInfo describe() {
        return {.name = "min",
                .summary = "smallest weight over the heads",
                .paper = "github.com/jacobgil/vit-explain",
                .complexity = "O(H n^2) a layer, memory of one matrix",
                .promises = {head_promise::between_heads, head_promise::monotone, head_promise::homogeneous,
                             head_promise::order_free, head_promise::equivariant}};
    }

    static std::vector<KnownFusion> known_fusions() {
        return {{3, 2, {1.0, 0.0, 0.5, 0.5, 0.5, 0.5, 0.25, 0.75, 0.0, 1.0, 0.5, 0.5}, {0.0, 0.0, 0.25, 0.5}}};
    }

    void fuse(const AttentionStack& attention, std::size_t layer, std::span<double> out) {
        for (std::size_t h = 0; h < attention.heads(layer); ++h) {
            for_each_run(attention, layer, h, run_, [&](std::size_t first, std::span<const double> weights) {
                for (std::size_t k = 0; k < weights.size(); ++k)
                    out[first + k] = h == 0 ? weights[k] : std::min(out[first + k], weights[k]);
            });
        }
    }

private:
    std::vector<double> run_;
};

}  // namespace attnflow
