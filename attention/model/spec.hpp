#pragma once
/// A transformer as data: what to compute, without the weights. A family (families/) makes one of a config.json;
/// transformer.hpp runs it.
///
///   x_0 = embedding(ids)
///   norm after  (post-norm: BERT):         m = N_1(x + attend(x)),       x' = N_2(m + feed_forward(m))
///   norm before (pre-norm: GPT-2, Llama):  m = x + attend(N_1(x)),       x' = m + feed_forward(N_2(m))
///   hidden states: x_L, or N(x_L) with a final norm
///
/// Vaswani et al. 2017, arXiv:1706.03762; norms before: Xiong et al. 2020, arXiv:2002.04745

#include <cstddef>
#include <optional>
#include <vector>

#include "attention/model/blocks/embedding.hpp"
#include "attention/model/blocks/feed_forward.hpp"
#include "attention/model/blocks/norm.hpp"
#include "attention/model/blocks/self_attention.hpp"

namespace attnflow {

/// Where the two norms of a layer stand: on what the steps read, or on the sum with the skip connection.
enum class NormPlace { before, after };

struct LayerSpec {
    NormPlace norm_place = NormPlace::after;
    NormSpec norm = {};
    AttentionSpec attention = {};
    FeedForwardSpec feed_forward = {};

    bool operator==(const LayerSpec&) const = default;
};

struct TransformerSpec {
    std::size_t width = 0;      ///< d
    std::size_t positions = 0;  ///< longest input, in tokens
    EmbeddingSpec embedding = {};
    std::vector<LayerSpec> layers =
        {};                      ///< from the input; with as many and as wide heads, and norms at one place
    bool shared_layers = false;  ///< all layers have the weights of the first (ALBERT)
    std::optional<NormSpec> final_norm = {};

    const AttentionSpec& attention() const { return layers.front().attention; }
};

/// Throws InternalError for a spec that is no transformer: sizes that are 0 or do not divide each other, learned
/// positions that are not as many as the longest input has (position p of a text reads row p, so a table with rows
/// that no position reads is that of another computation, as RoBERTa's, whose rows begin behind its padding
/// token), layers with different heads or norms at different places, layers that share their weights and differ in
/// more than score scales, masks, rotary positions and activations, which are no weights. A family has refused
/// what a config may have wrong before, with the config's words.
void check(const TransformerSpec& spec);

}  // namespace attnflow
