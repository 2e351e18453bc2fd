#include "attention/model/transformer_weights.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <set>

#include <fmt/format.h>

#include "graph/support/error.hpp"
#include "graph/support/text.hpp"

namespace attnflow {
namespace {

/// A tensor of a layer: "encoder.layer.3.output.bias" behind "encoder.layer." is "output.bias" of layer 3.
struct LayerTensor {
    std::size_t layer;
    std::string name;
};

std::optional<LayerTensor> in_layer(const std::string& tensor, const std::string& prefix) {
    if (!tensor.starts_with(prefix)) return std::nullopt;
    LayerTensor found{0, {}};
    const char* end = tensor.data() + tensor.size();
    const auto [rest, error] = std::from_chars(tensor.data() + prefix.size(), end, found.layer);
    if (error == std::errc::invalid_argument || rest == end || *rest != '.') return std::nullopt;
    if (error == std::errc::result_out_of_range) found.layer = SIZE_MAX;
    found.name.assign(rest + 1, end);
    return found;
}

/// Throws for layers that the config does not count: another model's config, or a number that was changed.
void refuse_more_layers(std::size_t layers, const std::string& prefix, const WeightFiles& files) {
    for (const std::string& name : files.names()) {
        const auto tensor = in_layer(name, prefix);
        if (!tensor || tensor->layer < layers) continue;
        throw InputError(
            fmt::format("{}: tensor '{}' is of layer {}, expected layers 0 to {}: the config counts {}",
                        files.file_of(name), excerpt(name), tensor->layer, layers - 1, counted(layers, "layer")));
    }
}

/// Throws for tensors in the layers that nobody has read: the model computes with them what the spec does not say.
void refuse_unread(const TransformerNames& names, const std::set<std::string>& read, const WeightFiles& files) {
    const std::vector<std::string>& constants = names.layer.constants;
    std::vector<std::string> unread;
    for (const std::string& name : files.names()) {
        const auto tensor = in_layer(name, names.layers);
        if (!tensor || read.contains(name)) continue;
        if (std::find(constants.begin(), constants.end(), tensor->name) == constants.end()) unread.push_back(name);
    }
    if (!unread.empty()) files.refuse_unread(unread);
}

/// Below each other, so that one product makes what all of them make.
template <class Real>
void append(Linear<Real>& all, const Linear<Real>& one) {
    all.in = one.in;
    all.out += one.out;
    all.weight.insert(all.weight.end(), one.weight.begin(), one.weight.end());
    all.bias.insert(all.bias.end(), one.bias.begin(), one.bias.end());
}

template <class Real>
EmbeddingWeights<Real> load_embedding(const TransformerSpec& spec, const TransformerNames& names,
                                      const WeightFiles& files) {
    const EmbeddingSpec& embedding = spec.embedding;
    const std::size_t e = embedding.width;
    EmbeddingWeights<Real> weights;
    weights.words = files.read<Real>(names.words, {embedding.vocabulary, e});
    if (embedding.positions > 0) weights.positions = files.read<Real>(names.positions, {embedding.positions, e});
    if (embedding.types > 0) weights.types = files.read<Real>(names.types, {embedding.types, e});
    if (embedding.norm) weights.norm = load_norm<Real>(files, names.embedding_norm, *embedding.norm, e);
    if (e != spec.width)
        weights.projection = load_linear<Real>(files, names.embedding_projection, spec.width, e, true);
    return weights;
}

template <class Real>
LayerWeights<Real> load_layer(const LayerSpec& spec, std::size_t d, const std::string& prefix,
                              const LayerNames& names, const WeightFiles& files) {
    const AttentionSpec& attention = spec.attention;
    const FeedForwardSpec& feed_forward = spec.feed_forward;
    const auto linear = [&](const std::string& name, std::size_t out, std::size_t in, bool bias) {
        return load_linear<Real>(files, prefix + name, out, in, bias);
    };
    LayerWeights<Real> weights;
    Linear<Real>& projections = weights.attention.query_key_value;
    append(projections, linear(names.query, attention.query_width(), d, attention.projection_bias));
    append(projections, linear(names.key, attention.key_width(), d, attention.projection_bias));
    append(projections, linear(names.value, attention.key_width(), d, attention.projection_bias));
    weights.attention.output = linear(names.attention_output, d, attention.query_width(), attention.output_bias);
    weights.attention_norm = load_norm<Real>(files, prefix + names.attention_norm, spec.norm, d);
    if (feed_forward.gated)
        weights.feed_forward.gate = linear(names.gate, feed_forward.inner, d, feed_forward.bias);
    weights.feed_forward.up = linear(names.up, feed_forward.inner, d, feed_forward.bias);
    weights.feed_forward.down = linear(names.down, d, feed_forward.inner, feed_forward.bias);
    weights.output_norm = load_norm<Real>(files, prefix + names.output_norm, spec.norm, d);
    return weights;
}

}  // namespace

std::string find_prefix(const WeightFiles& files, const std::vector<std::string>& prefixes,
                        const std::string& name) {
    for (const std::string& prefix : prefixes) {
        if (files.contains(prefix + name)) return prefix;
    }
    for (const std::string& stored : files.names()) {
        if (!stored.ends_with("." + name)) continue;
        const std::string& usual = prefixes.front();
        std::string extra = stored.substr(0, stored.size() - name.size());
        if (extra.ends_with(usual)) extra.resize(extra.size() - usual.size());
        throw InputError(
            fmt::format("{}: tensor '{}', expected '{}{}': the names begin with '{}', as those of a compiled or "
                        "wrapped model do; save the model inside it, or rename the tensors",
                        files.file_of(stored), excerpt(stored), usual, name, excerpt(extra)));
    }
    return prefixes.front();
}

template <class Real>
Linear<Real> load_linear(const WeightFiles& files, const std::string& name, std::size_t out, std::size_t in,
                         bool bias) {
    Linear<Real> layer{in, out, files.read<Real>(name + ".weight", {out, in}), {}};
    if (bias) layer.bias = files.read<Real>(name + ".bias", {out});
    return layer;
}

template <class Real>
Norm<Real> load_norm(const WeightFiles& files, const std::string& name, const NormSpec& spec, std::size_t width) {
    const bool old_names = !files.contains(name + ".weight") && files.contains(name + ".gamma");
    Norm<Real> norm{spec, files.read<Real>(name + (old_names ? ".gamma" : ".weight"), {width}), {}};
    if (spec.kind == NormKind::layer_norm) {
        norm.beta = files.read<Real>(name + (old_names ? ".beta" : ".bias"), {width});
    } else {
        norm.beta.resize(width);
    }
    return norm;
}

template <class Real>
TransformerWeights<Real> load_transformer(const TransformerSpec& spec, const TransformerNames& names,
                                          const WeightFiles& files) {
    check(spec);
    const std::size_t stored = spec.shared_layers ? 1 : spec.layers.size();
    refuse_more_layers(stored, names.layers, files);
    std::set<std::string> read;
    const WeightFiles noting = files.noting(read);
    TransformerWeights<Real> weights;
    weights.spec = spec;
    weights.embedding = load_embedding<Real>(spec, names, files);
    for (std::size_t l = 0; l < stored; ++l) {
        weights.layers.push_back(load_layer<Real>(spec.layers[l], spec.width,
                                                  fmt::format("{}{}.", names.layers, l), names.layer, noting));
    }
    refuse_unread(names, read, files);
    if (spec.final_norm)
        weights.final_norm = load_norm<Real>(files, names.final_norm, *spec.final_norm, spec.width);
    return weights;
}

#define ATTNFLOW_LOAD(Real)                                                                                    \
    template TransformerWeights<Real> load_transformer(const TransformerSpec&, const TransformerNames&,        \
                                                       const WeightFiles&);                                    \
    template Linear<Real> load_linear(const WeightFiles&, const std::string&, std::size_t, std::size_t, bool); \
    template Norm<Real> load_norm(const WeightFiles&, const std::string&, const NormSpec&, std::size_t);
ATTNFLOW_LOAD(float)
ATTNFLOW_LOAD(double)
#undef ATTNFLOW_LOAD

}  // namespace attnflow
