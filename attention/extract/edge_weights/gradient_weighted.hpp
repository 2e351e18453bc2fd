#pragma once
/// The three edge weights of generalized attention flow: attention, its gradient, and both.
///
///   AF_h = A_h      GF_h = max(0, ∇A_h)      AGF_h = max(0, A_h ⊙ ∇A_h)
///
/// ∇A_h is the derivative of the target by the attention matrix of head h. The paper takes the mean over the
/// heads, as the head strategy `mean` does. GF and AGF know of the class that is explained, which attention alone
/// does not. Rows do not sum to 1, and many weights are exactly 0.  O(H n^2) a layer.
///
/// Azarkhalili & Libbrecht, ACL 2025, arXiv:2502.15765

#include <algorithm>

#include "attention/extract/edge_weights/edge_weight.hpp"

namespace attnflow {

/// What is no number stays that, and is refused.
inline float positive_part(float value) { return value < 0.0f ? 0.0f : value; }

class AttentionWeight {
public:
    static constexpr bool needs_gradient = false;
    static constexpr bool needs_internals = false;
    static constexpr bool has_heads = true;

    static EntryInfo describe() {
        return {.name = "af",
                .summary = "attention itself, head by head",
                .paper = "Azarkhalili & Libbrecht 2025, arXiv:2502.15765",
                .complexity = "O(H n^2) a layer",
                .promises = {attention_promise::rows_sum_to_one, edge_weight_promise::equivariant,
                             edge_weight_promise::heads_independent}};
    }
    static std::vector<KnownWeights> known_answers();

    void weigh(const LayerEvidence& layer, std::span<float> out) const {
        std::copy(layer.attention.begin(), layer.attention.end(), out.begin());
    }
};

class GradientWeight {
public:
    static constexpr bool needs_gradient = true;
    static constexpr bool needs_internals = false;
    static constexpr bool has_heads = true;

    static EntryInfo describe() {
        return {.name = "gf",
                .summary = "positive part of the attention's gradient, head by head",
                .paper = "Azarkhalili & Libbrecht 2025, arXiv:2502.15765",
                .complexity = "O(H n^2) a layer",
                .promises = {edge_weight_promise::equivariant, edge_weight_promise::heads_independent}};
    }
    static std::vector<KnownWeights> known_answers();

    void weigh(const LayerEvidence& layer, std::span<float> out) const {
        std::transform(layer.attention_gradient.begin(), layer.attention_gradient.end(), out.begin(),
                       positive_part);
    }
};

class AttentionGradientWeight {
public:
    static constexpr bool needs_gradient = true;
    static constexpr bool needs_internals = false;
    static constexpr bool has_heads = true;

    static EntryInfo describe() {
        return {.name = "agf",
                .summary = "positive part of attention times its gradient, head by head",
                .paper = "Azarkhalili & Libbrecht 2025, arXiv:2502.15765",
                .complexity = "O(H n^2) a layer",
                .promises = {edge_weight_promise::equivariant, edge_weight_promise::heads_independent}};
    }
    static std::vector<KnownWeights> known_answers();

    void weigh(const LayerEvidence& layer, std::span<float> out) const {
        std::transform(layer.attention.begin(), layer.attention.end(), layer.attention_gradient.begin(),
                       out.begin(),
                       [](float attention, float gradient) { return positive_part(attention * gradient); });
    }
};

}  // namespace attnflow
