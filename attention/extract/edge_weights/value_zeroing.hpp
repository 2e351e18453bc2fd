#pragma once
/// What a token's output owes to another token: how far the output of the layer moves when the value of that token
/// is set to zero, in all heads, everything else as it was.
///
///   x'_i      = the layer's output of token i
///   x'_i^(¬j) = the same, with v_j = 0 in every head: attention, skip connection, feed forward step and norms as
///               they are
///   c[i][j]   = distance(x'_i^(¬j), x'_i)        w[i][j] = c[i][j] / Σ_k c[i][k]
///
/// The distance is 1 - cosine, as in the paper, or the Euclidean one. It is that of the whole layer, so unlike
/// value_norm it knows what the feed forward step and the norms make of a token's part; a norm behind the last
/// layer is left out. Rows sum to 1; in a row where no value moves the output, the token itself gets 1, because
/// the skip connection alone has made it. A key that a query does not see gets exactly 0.
///
/// The rest of the layer is computed n + 1 times: O(n (d H w + n H d + n d f)) a layer. For long texts prefer
/// value_norm.
///
/// Mohebbi, Zuidema, Chrupała & Alishahi, "Quantifying Context Mixing in Transformers", EACL 2023,
/// arXiv:2301.12971

#include "attention/extract/edge_weights/edge_weight.hpp"

namespace attnflow {

class ValueZeroing {
public:
    static constexpr bool needs_gradient = false;
    static constexpr bool needs_internals = true;
    static constexpr bool has_heads = false;  // the value of a token is that of all heads

    static EntryInfo describe();
    static std::vector<KnownWeights> known_answers();

    explicit ValueZeroing(const Parameters& parameters);

    void weigh(const LayerEvidence& layer, std::span<float> out) const;

private:
    bool is_cosine_;
};

}  // namespace attnflow
