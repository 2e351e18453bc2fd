#pragma once
/// Norm of what a query really receives from a key: || Σ_h A_h[i][j] f_h(x_j) ||_2, with
/// f_h(x) = (x W_V^h + b_V^h) W_O^h the value vector of head h after the output projection, x what the values are
/// made of: the layer's input, or its norm in layers that have it before. Heads may share values (grouped
/// queries).
///
/// A large weight on a short vector moves little; attention alone cannot tell. (Trained models
/// often attend strongly to special tokens whose vectors are nearly 0.) The skip connection,
/// LayerNorm and the bias b_O are left out, as in the paper's first analysis. Rows do not sum to 1.
///
/// The norm of a sum over heads is a quadratic form, a^T G_j a with a the H weights and
/// G_j[h][g] = <f_h(x_j), f_g(x_j)>, so the vectors are made once a key, not once an edge:
/// O(n d^2 + n H^2 d + n^2 H^2) a layer.
///
/// Kobayashi, Kuribayashi, Yokoi & Inui, EMNLP 2020, arXiv:2004.10102

#include "attention/extract/edge_weights/edge_weight.hpp"

namespace attnflow {

class ValueNorm {
public:
    static constexpr bool needs_gradient = false;
    static constexpr bool needs_internals = true;
    static constexpr bool has_heads = false;  // a norm of their sum

    static EntryInfo describe() {
        return {.name = "value_norm",
                .summary = "norm of the attention-weighted value vectors after the output projection",
                .paper = "Kobayashi et al. 2020, arXiv:2004.10102",
                .complexity = "O(n d^2 + n H^2 d + n^2 H^2) a layer",
                .promises = {edge_weight_promise::equivariant},
                .tolerance = 1e-6};  // the weights are float
    }
    static std::vector<KnownWeights> known_answers();

    void weigh(const LayerEvidence& layer, std::span<float> out) const;
};

}  // namespace attnflow
