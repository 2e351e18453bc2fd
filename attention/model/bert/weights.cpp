#include "attention/model/bert/weights.hpp"

#include <charconv>

#include <fmt/format.h>

#include "graph/support/error.hpp"
#include "graph/support/text.hpp"

namespace attnflow {
namespace {

constexpr std::string_view layer_prefix = "bert.encoder.layer.";

/// Throws for layers that the config does not count: another model's config, or a number that was changed.
void refuse_more_layers(const BertConfig& config, const WeightFiles& files) {
    for (const std::string& name : files.names()) {
        if (!name.starts_with(layer_prefix)) continue;
        std::size_t layer = 0;
        const char* number = name.data() + layer_prefix.size();
        if (std::from_chars(number, name.data() + name.size(), layer).ec != std::errc() || layer < config.layers)
            continue;
        throw InputError(
            fmt::format("{}: tensor '{}' is of layer {}, expected layers 0 to {}: the config's "
                        "num_hidden_layers is {}",
                        files.file_of(name), excerpt(name), layer, config.layers - 1, config.layers));
    }
}

}  // namespace

template <class Real>
LinearWeights<Real> load_linear(const WeightFiles& files, const std::string& name, std::size_t out,
                                std::size_t in) {
    return {files.read<Real>(name + ".weight", {out, in}), files.read<Real>(name + ".bias", {out})};
}

template <class Real>
NormWeights<Real> load_norm(const WeightFiles& files, const std::string& name, std::size_t width) {
    const bool old_names = !files.contains(name + ".weight") && files.contains(name + ".gamma");
    return {files.read<Real>(name + (old_names ? ".gamma" : ".weight"), {width}),
            files.read<Real>(name + (old_names ? ".beta" : ".bias"), {width})};
}

template <class Real>
BertWeights<Real> load_bert(const BertConfig& config, const WeightFiles& files) {
    refuse_more_layers(config, files);
    const std::size_t d = config.width;
    const std::string embeddings = "bert.embeddings.";
    BertWeights<Real> weights{config,
                              files.read<Real>(embeddings + "word_embeddings.weight", {config.vocabulary, d}),
                              files.read<Real>(embeddings + "position_embeddings.weight", {config.positions, d}),
                              files.read<Real>(embeddings + "token_type_embeddings.weight", {config.types, d}),
                              load_norm<Real>(files, embeddings + "LayerNorm", d),
                              {}};
    for (std::size_t l = 0; l < config.layers; ++l) {
        const std::string prefix = fmt::format("{}{}.", layer_prefix, l);
        BertLayerWeights<Real> layer;
        for (const char* part : {"query", "key", "value"}) {
            const auto one = load_linear<Real>(files, prefix + "attention.self." + part, d, d);
            auto& all = layer.query_key_value;
            all.weight.insert(all.weight.end(), one.weight.begin(), one.weight.end());
            all.bias.insert(all.bias.end(), one.bias.begin(), one.bias.end());
        }
        layer.attention_output = load_linear<Real>(files, prefix + "attention.output.dense", d, d);
        layer.attention_norm = load_norm<Real>(files, prefix + "attention.output.LayerNorm", d);
        layer.inner = load_linear<Real>(files, prefix + "intermediate.dense", config.inner, d);
        layer.output = load_linear<Real>(files, prefix + "output.dense", d, config.inner);
        layer.output_norm = load_norm<Real>(files, prefix + "output.LayerNorm", d);
        weights.layers.push_back(std::move(layer));
    }
    return weights;
}

#define ATTNFLOW_BERT_WEIGHTS(Real)                                                                             \
    template BertWeights<Real> load_bert(const BertConfig&, const WeightFiles&);                                \
    template LinearWeights<Real> load_linear(const WeightFiles&, const std::string&, std::size_t, std::size_t); \
    template NormWeights<Real> load_norm(const WeightFiles&, const std::string&, std::size_t);
ATTNFLOW_BERT_WEIGHTS(float)
ATTNFLOW_BERT_WEIGHTS(double)
#undef ATTNFLOW_BERT_WEIGHTS

}  // namespace attnflow
