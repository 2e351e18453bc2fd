#pragma once
/// The three edge weights of generalized attention flow: attention, its gradient, and both.
///
///   AF = mean_h A_h      GF = mean_h max(0, ∇A_h)      AGF = mean_h max(0, A_h ⊙ ∇A_h)
///
/// ∇A_h is the derivative of the target by the attention matrix of head h. GF and AGF know of the
/// class that is explained, which attention alone does not. Rows do not sum to 1, and many weights
/// are exactly 0.  O(H n^2) a layer.
///
/// Azarkhalili & Libbrecht, ACL 2025, arXiv:2502.15765

#include <algorithm>

#include "attention/model/edge_weights/edge_weight.hpp"

namespace attnflow {

/// out = mean over heads of term(attention, gradient), entry by entry.
template <class Term>
void mean_over_heads(const LayerEvidence& layer, std::span<float> out, const Term& term) {
    std::fill(out.begin(), out.end(), 0.0f);
    for (std::size_t h = 0; h < layer.heads; ++h) {
        for (std::size_t k = 0; k < out.size(); ++k) out[k] += term(h * out.size() + k);
    }
    for (float& weight : out) weight /= static_cast<float>(layer.heads);
}

class AttentionWeight {
public:
    static constexpr bool needs_gradient = false;
    static constexpr bool needs_internals = false;

    static EntryInfo describe() {
        return {.name = "af",
                .summary = "attention, mean over the heads",
                .paper = "Azarkhalili & Libbrecht 2025, arXiv:2502.15765",
                .complexity = "O(H n^2) a layer",
                .promises = {"rows_sum_to_one"}};
    }

    void weigh(const LayerEvidence& layer, std::span<float> out) const {
        mean_over_heads(layer, out, [&](std::size_t i) { return layer.attention[i]; });
    }
};

class GradientWeight {
public:
    static constexpr bool needs_gradient = true;
    static constexpr bool needs_internals = false;

    static EntryInfo describe() {
        return {.name = "gf",
                .summary = "positive part of the attention's gradient, mean over the heads",
                .paper = "Azarkhalili & Libbrecht 2025, arXiv:2502.15765",
                .complexity = "O(H n^2) a layer"};
    }

    void weigh(const LayerEvidence& layer, std::span<float> out) const {
        mean_over_heads(layer, out, [&](std::size_t i) { return std::max(0.0f, layer.attention_gradient[i]); });
    }
};

class AttentionGradientWeight {
public:
    static constexpr bool needs_gradient = true;
    static constexpr bool needs_internals = false;

    static EntryInfo describe() {
        return {.name = "agf",
                .summary = "positive part of attention times its gradient, mean over the heads",
                .paper = "Azarkhalili & Libbrecht 2025, arXiv:2502.15765",
                .complexity = "O(H n^2) a layer"};
    }

    void weigh(const LayerEvidence& layer, std::span<float> out) const {
        mean_over_heads(layer, out, [&](std::size_t i) {
            return std::max(0.0f, layer.attention[i] * layer.attention_gradient[i]);
        });
    }
};

}  // namespace attnflow
