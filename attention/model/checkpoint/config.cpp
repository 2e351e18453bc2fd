#include "attention/model/checkpoint/config.hpp"

#include <array>

#include <fmt/format.h>

#include "attention/files/json.hpp"
#include "graph/support/error.hpp"
#include "graph/support/text.hpp"

namespace attnflow {

using Json = nlohmann::json;

namespace {

enum Entry : std::size_t { own_code, quantised, not_followed, entries };

constexpr std::array<Diagnosis, entries> diagnoses{{
    {"config/own_code", "auto_map is {value}",
     "the model computes with program code of its own, which is not run here, and which may be another model "
     "under "
     "the name of the library's class",
     "take auto_map out of config.json if the library's class computes the same (compare its outputs first)"},
    {"config/quantised", "quantization_config is {value}",
     "the weights are quantised, and only floating point is read",
     "fetch the weights as they were before, or save them so: `model.dequantize()`, then "
     "`model.save_pretrained(\"NEW\")`"},
    {"config/not_followed", "{key} is {value}, which {architecture} does not follow here",
     "it changes what a model computes: attention and outputs would be those of another model",
     "take {key} out of config.json if the weights were trained without it"},
}};

/// Settings that change what is computed, of the Hugging Face library and of programs that use its names, and that
/// weights alone do not give away. Those of training and generation are not here.
struct Setting {
    const char* key;
    const char* no_effect = nullptr;  ///< as JSON: the value that changes nothing; without one false, 0 and empty
    const char* same_as = nullptr;    ///< a key whose value changes nothing either
};

constexpr Setting settings[] = {
    // What a query sees, and what else goes into a layer.
    {.key = "is_decoder"},
    {.key = "is_causal"},
    {.key = "causal"},
    {.key = "add_cross_attention"},
    {.key = "cross_attention_hidden_size"},
    {.key = "pruned_heads"},
    {.key = "adapters"},
    {.key = "attention_window"},
    {.key = "sliding_window"},
    {.key = "use_sliding_window"},
    {.key = "attention_type", .no_effect = "\"original_full\""},
    // Positions.
    {.key = "relative_attention"},
    {.key = "position_biased_input", .no_effect = "true"},
    {.key = "alibi"},
    {.key = "use_alibi"},
    {.key = "alibi_starting_size"},
    {.key = "rotary"},
    {.key = "use_rotary"},
    {.key = "rotary_emb_fraction"},
    {.key = "rope_theta"},
    {.key = "rope_scaling"},
    // Norms and skip connections.
    {.key = "norm_type"},
    {.key = "layer_norm_type"},
    {.key = "normalization_type"},
    {.key = "pre_norm"},
    {.key = "prenorm"},
    {.key = "normalize_before"},
    {.key = "do_layer_norm_before"},
    {.key = "qk_norm"},
    {.key = "use_qk_norm"},
    {.key = "qk_layernorm"},
    {.key = "parallel_residual"},
    {.key = "use_parallel_residual"},
    {.key = "residual_multiplier", .no_effect = "1"},
    // Scales.
    {.key = "scale_attn_weights", .no_effect = "true"},
    {.key = "scale_attn_by_inverse_layer_idx"},
    {.key = "attention_multiplier"},
    {.key = "query_pre_attn_scalar"},
    {.key = "attn_logit_softcapping"},
    {.key = "final_logit_softcapping"},
    {.key = "scale_embedding"},
    {.key = "embedding_multiplier", .no_effect = "1"},
    // Embeddings, feed forward steps, outputs.
    {.key = "embedding_size", .same_as = "hidden_size"},
    {.key = "use_task_id"},
    {.key = "feed_forward_type", .no_effect = "\"original\""},
    {.key = "use_glu_mlp"},
    {.key = "num_experts"},
    {.key = "num_local_experts"},
};

bool is_nothing(const Json& value) {
    return value == Json(false) || value == Json(0) || value == Json("") ||
           (value.is_structured() && value.empty());
}

bool has_effect(const Setting& setting, const Json& value, const JsonFields& config) {
    const Json* other = setting.same_as == nullptr ? nullptr : config.find(setting.same_as);
    if (other != nullptr && value == *other) return false;
    return setting.no_effect == nullptr ? !is_nothing(value) : value != Json::parse(setting.no_effect);
}

}  // namespace

ModelConfig ModelConfig::read(const std::string& path) {
    constexpr std::size_t most_bytes = 10'000'000;
    const std::string where = escape_controls(path);
    return {std::make_unique<const Json>(parse_json(read_text_file(path, most_bytes), where)), where};
}

std::string ModelConfig::architecture() const {
    const auto names = fields_.texts("architectures");
    if (names.size() != 1) fields_.refuse("architectures", fields_.need("architectures"), "a list of one name");
    return names.front();
}

void ModelConfig::refuse_other_programs() const {
    for (const auto& [key, entry] :
         {std::pair("auto_map", own_code), std::pair("quantization_config", quantised)}) {
        const Json* value = fields_.find(key);
        if (value == nullptr || is_nothing(*value)) continue;
        throw InputError(
            fmt::format("{}: {}", fields_.where(), diagnoses[entry].text({{"value", excerpt(value->dump())}})));
    }
}

void ModelConfig::refuse_settings_not_followed() const {
    const std::set<std::string> followed = *looked_at_;
    for (const Setting& setting : settings) {
        const Json* value = fields_.find(setting.key);
        if (value == nullptr || followed.contains(setting.key) || !has_effect(setting, *value, fields_)) continue;
        throw InputError(fmt::format(
            "{}: {}", fields_.where(),
            diagnoses[not_followed].text(
                {{"key", setting.key}, {"value", excerpt(value->dump())}, {"architecture", architecture()}})));
    }
}

Diagnoses config_diagnoses() { return {"Config of a model", diagnoses}; }

std::size_t read_size(const JsonFields& config, const std::string& key, std::int64_t maximum) {
    return static_cast<std::size_t>(config.integer(key, 1, maximum));
}

std::size_t read_size(const JsonFields& config, const std::string& key, std::int64_t maximum,
                      std::size_t fallback) {
    return config.find(key) == nullptr ? fallback : read_size(config, key, maximum);
}

Activation read_activation(const JsonFields& config, const std::string& key, std::string_view fallback) {
    const std::string name = config.text(key, std::string(fallback));
    if (const auto kind = activation_named(name)) return *kind;
    throw InputError(fmt::format("{}: {} is '{}', which is not supported, expected one of {}", config.where(), key,
                                 excerpt(name), join(activation_names(), ", ")));
}

std::vector<std::string> read_labels(const JsonFields& config) {
    constexpr std::int64_t most_labels = 100'000;
    std::vector<std::string> labels;
    if (const Json* names = config.find("id2label")) {
        const JsonFields entries(*names, config.where() + ": id2label");
        for (std::size_t i = 0; i < names->size(); ++i) labels.push_back(entries.text(std::to_string(i)));
        if (config.find("num_labels") != nullptr &&
            read_size(config, "num_labels", most_labels) != labels.size()) {
            config.refuse("num_labels", config.need("num_labels"),
                          fmt::format("{} as in id2label", labels.size()));
        }
    } else {
        const std::size_t count =
            config.find("num_labels") == nullptr ? 2 : read_size(config, "num_labels", most_labels);
        for (std::size_t i = 0; i < count; ++i) labels.push_back(fmt::format("LABEL_{}", i));
    }
    if (const Json* ids = config.find("label2id")) {
        const JsonFields entries(*ids, config.where() + ": label2id");
        for (auto entry = ids->begin(); entry != ids->end(); ++entry) {
            const auto id = static_cast<std::size_t>(entries.integer(entry.key(), 0, most_labels));
            if (id < labels.size() && labels[id] == entry.key()) continue;
            entries.refuse(entry.key(), *entry,
                           id < labels.size()
                               ? fmt::format("what id2label says: {} is '{}'", id, excerpt(labels[id]))
                               : fmt::format("a number below {}", labels.size()));
        }
    }
    if (labels.empty()) throw InputError(config.where() + ": id2label is empty, expected at least one label");
    return labels;
}

Task read_task(const JsonFields& config, std::size_t outputs) {
    const std::string usual = outputs == 1 ? "regression" : "single_label_classification";
    const std::string type = config.text("problem_type", usual);
    if (type == "multi_label_classification") return Task::multi_label;
    if (type == "regression") return Task::regression;
    if (type == "single_label_classification") return outputs == 1 ? Task::regression : Task::classification;
    throw InputError(
        fmt::format("{}: problem_type is '{}', which is not supported, expected regression, "
                    "single_label_classification or multi_label_classification",
                    config.where(), excerpt(type)));
}

void expect_text(const JsonFields& config, const std::string& key, const std::string& only) {
    const std::string text = config.text(key, only);
    if (text != only) {
        throw InputError(fmt::format("{}: {} is '{}', which is not supported, expected '{}'", config.where(), key,
                                     excerpt(text), only));
    }
}

}  // namespace attnflow
