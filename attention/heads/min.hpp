#pragma once
/// Minimum over heads, W_ij = min_h A_h,ij: what all heads attend to.
///
/// Rows sum to at most 1 before they are renormalised, and to 0 where every key is ignored by
/// some head: such a row keeps only its skip connection.
///
/// One head at a time is read: the memory of two matrices whatever H is.  O(H n^2).
///
/// jacobgil/vit-explain, head_fusion = "min"

#include <algorithm>

#include "attention/heads/head_aggregator.hpp"

namespace attnflow {

class MinHeads {
public:
    static EntryInfo describe() {
        return {.name = "min",
                .summary = "smallest weight over the heads",
                .paper = "github.com/jacobgil/vit-explain",
                .complexity = "O(H n^2) a layer, memory of 2 heads",
                .promises = {head_promise::between_heads, head_promise::monotone, head_promise::homogeneous,
                             head_promise::order_free, head_promise::equivariant}};
    }

    void fuse(const AttentionStack& attention, std::size_t layer, std::span<double> out) {
        for_each_head(attention, layer, head_, [&](std::size_t h, std::span<const double> weights) {
            for (std::size_t k = 0; k < out.size(); ++k)
                out[k] = h == 0 ? weights[k] : std::min(out[k], weights[k]);
        });
    }

private:
    std::vector<double> head_;
};

}  // namespace attnflow
