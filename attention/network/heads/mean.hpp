#pragma once
/// Mean over heads, W = (1/H) sum_h A_h: the choice of the attention-flow paper in all its
/// experiments. Keeps rows that sum to 1.
///
/// Rows are added while they are read, so that a layer needs the memory of one matrix whatever H
/// is.  O(H n^2).
///
/// Abnar & Zuidema, ACL 2020, arXiv:2005.00928, section 3

#include <algorithm>

#include "attention/network/heads/head_aggregator.hpp"

namespace attnflow {

class MeanHeads {
public:
    static EntryInfo describe() {
        return {.name = "mean",
                .summary = "mean over the heads",
                .paper = "Abnar & Zuidema 2020, arXiv:2005.00928",
                .complexity = "O(H n^2) a layer, memory of one matrix",
                .promises = {head_promise::rows_sum_to_one, head_promise::between_heads, head_promise::monotone,
                             head_promise::homogeneous, head_promise::order_free, head_promise::equivariant}};
    }

    static std::vector<KnownFusion> known_fusions() {
        return {{3,
                 2,
                 {1.0, 0.0, 0.5, 0.5, 0.5, 0.5, 0.25, 0.75, 0.0, 1.0, 0.5, 0.5},
                 {0.5, 0.5, 0.4166666666666667, 0.5833333333333334}}};
    }

    void fuse(const AttentionStack& attention, std::size_t layer, std::span<double> out) {
        std::fill(out.begin(), out.end(), 0.0);
        for (std::size_t h = 0; h < attention.heads(layer); ++h) {
            for_each_run(attention, layer, h, run_, [&](std::size_t first, std::span<const double> weights) {
                for (std::size_t k = 0; k < weights.size(); ++k) out[first + k] += weights[k];
            });
        }
        const double heads = static_cast<double>(attention.heads(layer));
        for (double& weight : out) weight /= heads;
    }

private:
    std::vector<double> run_;
};

}  // namespace attnflow
