#pragma once
/// Geometric mean over heads, W_ij = (prod_h A_h,ij)^(1/H): a soft minimum. A key counts where
/// every head gives it some weight; one head with weight 0 makes it 0.
///
/// Rows sum to at most 1 (the geometric mean is at most the arithmetic). Logarithms are added
/// while heads are read, so nothing underflows: the memory of one matrix.  O(H n^2).

#include <algorithm>
#include <cmath>

#include "attention/network/heads/head_aggregator.hpp"

namespace attnflow {

class GeometricMeanHeads {
public:
    static EntryInfo describe() {
        return {.name = "geometric_mean",
                .summary = "geometric mean over the heads, 0 where one head has weight 0",
                .complexity = "O(H n^2) a layer, memory of one matrix",
                .promises = {head_promise::between_heads, head_promise::monotone, head_promise::homogeneous,
                             head_promise::order_free, head_promise::equivariant}};
    }

    static std::vector<KnownFusion> known_fusions() {
        return {{3,
                 2,
                 {1.0, 0.0, 0.5, 0.5, 0.5, 0.5, 0.25, 0.75, 0.0, 1.0, 0.5, 0.5},
                 {0.0, 0.0, 0.3968502629920499, 0.5723571212766659}}};
    }

    void fuse(const AttentionStack& attention, std::size_t layer, std::span<double> out) {
        std::fill(out.begin(), out.end(), 0.0);
        for (std::size_t h = 0; h < attention.heads(layer); ++h) {
            for_each_run(attention, layer, h, run_, [&](std::size_t first, std::span<const double> weights) {
                for (std::size_t k = 0; k < weights.size(); ++k)
                    out[first + k] += std::log(weights[k]);  // log 0 = -infinity
            });
        }
        const double heads = static_cast<double>(attention.heads(layer));
        for (double& weight : out) weight = std::exp(weight / heads);
    }

private:
    std::vector<double> run_;
};

}  // namespace attnflow
