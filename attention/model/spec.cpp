#include "attention/model/spec.hpp"

#include "graph/support/error.hpp"

namespace attnflow {
namespace {

void expect(bool holds, const char* what) {
    if (!holds) throw InternalError(std::string("transformer spec: ") + what);
}

}  // namespace

void check(const TransformerSpec& spec) {
    expect(spec.width > 0 && spec.positions > 0, "no width or no positions");
    expect(spec.embedding.vocabulary > 0 && spec.embedding.width > 0, "no words or embeddings without components");
    expect(spec.embedding.positions == 0 || spec.embedding.positions >= spec.positions,
           "fewer learned positions than the longest input has");
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
        expect(layer.feed_forward.inner > 0, "a feed forward step without components");
    }
}

}  // namespace attnflow
