#pragma once
/// A transformer that has what BERT has not, and its files.

#include <string>
#include <vector>

#include "attention/model/transformer_weights.hpp"
#include "tests/attention/make_files.hpp"
#include "tests/attention/model/random_transformer.hpp"

namespace attnflow::testing {

/// As Llama: everything that is optional is there or not in the other way than in BERT, which golden models cover.
inline TransformerSpec llama_like_spec() {
    const NormSpec norm{NormKind::rms_norm, 1e-6};
    const LayerSpec layer{
        .norm_place = NormPlace::before,
        .norm = norm,
        .attention = {.heads = 4,
                      .key_heads = 2,
                      .head_width = 3,
                      .causal = true,
                      .projection_bias = true,
                      .output_bias = false},
        .feed_forward = {.inner = 7, .activation = Activation::silu, .gated = true, .bias = false}};
    return {.width = 6,
            .positions = 9,
            .embedding = {.vocabulary = 11, .width = 4},
            .layers = {layer, layer},
            .final_norm = norm};
}

inline TransformerNames llama_like_names() {
    return {.words = "words",
            .types = "types",
            .embedding_projection = "wider",
            .layers = "layers.",
            .layer = {.query = "q",
                      .key = "k",
                      .value = "v",
                      .attention_output = "o",
                      .attention_norm = "n1",
                      .gate = "g",
                      .up = "u",
                      .down = "d",
                      .output_norm = "n2"},
            .final_norm = "n"};
}

/// A folder with the weights of such a transformer, under these names.
class StoredTransformer {
public:
    explicit StoredTransformer(const TransformerWeights<double>& weights) {
        const TransformerSpec& spec = weights.spec;
        const AttentionSpec& attention = spec.attention();
        add("words", {spec.embedding.vocabulary, spec.embedding.width}, weights.embedding.words);
        if (spec.embedding.types > 0)
            add("types", {spec.embedding.types, spec.embedding.width}, weights.embedding.types);
        linear("wider", *weights.embedding.projection);
        for (std::size_t l = 0; l < weights.layers.size(); ++l) {
            const std::string prefix = "layers." + std::to_string(l) + ".";
            const LayerWeights<double>& layer = weights.layers[l];
            const Linear<double>& all = layer.attention.query_key_value;
            std::size_t first = 0;
            for (const auto& [name, rows] :
                 {std::pair("q", attention.query_width()), std::pair("k", attention.key_width()),
                  std::pair("v", attention.key_width())}) {
                const auto part = [&](const Vector& values, std::size_t stride) {
                    const auto begin = values.begin() + static_cast<std::ptrdiff_t>(first * stride);
                    return Vector(begin, begin + static_cast<std::ptrdiff_t>(rows * stride));
                };
                linear(prefix + name, {all.in, rows, part(all.weight, all.in), part(all.bias, 1)});
                first += rows;
            }
            linear(prefix + "o", layer.attention.output);
            add(prefix + "n1.weight", {spec.width}, layer.attention_norm.gamma);
            linear(prefix + "g", layer.feed_forward.gate);
            linear(prefix + "u", layer.feed_forward.up);
            linear(prefix + "d", layer.feed_forward.down);
            add(prefix + "n2.weight", {spec.width}, layer.output_norm.gamma);
        }
        add("n.weight", {spec.width}, weights.final_norm->gamma);
    }

    void add(const std::string& name, const std::vector<std::size_t>& shape, const Vector& values) {
        tensors_.push_back({name, DType::f64, shape, values});
    }

    WeightFiles open() const {
        write_safetensors(folder_.file("model.safetensors"), tensors_);
        return WeightFiles::open(folder_.path());
    }

private:
    void linear(const std::string& name, const Linear<double>& layer) {
        add(name + ".weight", {layer.out, layer.in}, layer.weight);
        if (!layer.bias.empty()) add(name + ".bias", {layer.out}, layer.bias);
    }

    TemporaryDirectory folder_;
    std::vector<NewTensor> tensors_;
};

}  // namespace attnflow::testing
