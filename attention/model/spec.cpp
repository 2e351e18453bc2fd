#include "attention/model/spec.hpp"

#include <cmath>

#include "graph/support/error.hpp"

namespace attnflow {
namespace {

void expect(bool holds, const char* what) {
    if (!holds) throw InternalError(std::string("transformer spec: ") + what);
}

/// Whether a layer can have the weights of `first`: all that decides what they are, and their norms with them, is
/// alike. A new field of a layer counts until it is named here.
bool can_share(LayerSpec layer, const LayerSpec& first) {
    layer.attention.score_scale = first.attention.score_scale;
    layer.attention.causal = first.attention.causal;
    layer.attention.window = first.attention.window;
    layer.attention.rotary = first.attention.rotary;
    layer.feed_forward.activation = first.feed_forward.activation;
    return layer == first;
}

}  // namespace

void check(const TransformerSpec& spec) {
    expect(spec.width > 0 && spec.positions > 0, "no width or no positions");
    expect(spec.embedding.vocabulary > 0 && spec.embedding.width > 0, "no words or embeddings without components");
    expect(spec.embedding.positions == 0 || spec.embedding.positions == spec.positions,
           "learned positions that are not as many as the longest input has");
    expect(!spec.layers.empty(), "no layers");
    for (const LayerSpec& layer : spec.layers) {
        const AttentionSpec& attention = layer.attention;
        const AttentionSpec& first = spec.attention();
        expect(attention.heads > 0 && attention.key_heads > 0 && attention.head_width > 0, "no heads");
        expect(attention.heads % attention.key_heads == 0, "heads that are no multiple of the key heads");
        expect(attention.heads == first.heads && attention.key_heads == first.key_heads &&
                   attention.head_width == first.head_width,
               "layers with different heads");
        expect(layer.norm_place == spec.layers.front().norm_place, "layers with norms at different places");
        expect(!attention.rotary || 2 * attention.rotary->frequencies.size() <= attention.head_width,
               "more rotary pairs than a head has");
        expect(std::isfinite(attention.scale()), "scores with a scale that is no number");
        expect(layer.feed_forward.inner > 0, "a feed forward step without components");
        expect(!spec.shared_layers || can_share(layer, spec.layers.front()),
               "layers that share their weights and differ in more than scale, mask, rotary positions and "
               "activation");
    }
}

}  // namespace attnflow
