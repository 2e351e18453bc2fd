#include "attention/model/config.hpp"

#include <fmt/format.h>

#include "attention/files/json.hpp"
#include "attention/model/checkpoint/json_fields.hpp"
#include "graph/support/error.hpp"
#include "graph/support/text.hpp"

namespace attnflow {
namespace {
constexpr std::size_t most_bytes = 10'000'000;

void expect_text(const JsonFields& fields, const std::string& key, const std::string& only) {
    const std::string text = fields.text(key, only);
    if (text != only) {
        throw InputError(fmt::format("{}: {} is '{}', which is not supported, expected '{}'", fields.where(), key,
                                     excerpt(text), only));
    }
}

void expect_false(const JsonFields& fields, const std::string& key) {
    if (fields.boolean(key, false)) {
        throw InputError(
            fmt::format("{}: {} is true, which is not supported, expected false", fields.where(), key));
    }
}

std::size_t size_field(const JsonFields& fields, const std::string& key, std::int64_t maximum) {
    return static_cast<std::size_t>(fields.integer(key, 1, maximum));
}

std::vector<std::string> read_labels(const JsonFields& fields) {
    constexpr std::int64_t most_labels = 100'000;
    std::vector<std::string> labels;
    if (const Json* names = fields.find("id2label")) {
        const JsonFields entries(*names, fields.where() + ": id2label");
        for (std::size_t i = 0; i < names->size(); ++i) labels.push_back(entries.text(std::to_string(i)));
        if (fields.find("num_labels") != nullptr &&
            size_field(fields, "num_labels", most_labels) != labels.size()) {
            fields.refuse("num_labels", fields.need("num_labels"),
                          fmt::format("{} as in id2label", labels.size()));
        }
    } else {
        const std::size_t count =
            fields.find("num_labels") == nullptr ? 2 : size_field(fields, "num_labels", most_labels);
        for (std::size_t i = 0; i < count; ++i) labels.push_back(fmt::format("LABEL_{}", i));
    }
    if (const Json* ids = fields.find("label2id")) {
        const JsonFields entries(*ids, fields.where() + ": label2id");
        for (const auto& [name, value] : ids->items()) {
            const auto id = static_cast<std::size_t>(entries.integer(name, 0, most_labels));
            if (id < labels.size() && labels[id] == name) continue;
            entries.refuse(name, value,
                           id < labels.size()
                               ? fmt::format("what id2label says: {} is '{}'", id, excerpt(labels[id]))
                               : fmt::format("a number below {}", labels.size()));
        }
    }
    if (labels.empty()) throw InputError(fields.where() + ": id2label is empty, expected at least one label");
    return labels;
}

}  // namespace

std::string architecture_of(const std::string& config_path) {
    const std::string where = escape_controls(config_path);
    const Json json = parse_json(read_text_file(config_path, most_bytes), where);
    const JsonFields fields(json, where);
    const auto names = fields.texts("architectures");
    if (names.size() != 1) fields.refuse("architectures", json["architectures"], "a list of one name");
    return names.front();
}

BertConfig BertConfig::read(const std::string& path) {
    const std::string where = escape_controls(path);
    const Json json = parse_json(read_text_file(path, most_bytes), where);
    const JsonFields fields(json, where);
    expect_text(fields, "model_type", "bert");
    expect_text(fields, "hidden_act", "gelu");
    expect_text(fields, "position_embedding_type", "absolute");
    expect_false(fields, "is_decoder");
    expect_false(fields, "add_cross_attention");
    if (const Json* pruned = fields.find("pruned_heads"); pruned != nullptr && !pruned->empty()) {
        fields.refuse("pruned_heads", *pruned, "{}, since pruned heads are not supported");
    }
    const std::string problem = fields.text("problem_type", "single_label_classification");
    if (problem != "single_label_classification")
        expect_text(fields, "problem_type", "single_label_classification");

    BertConfig config;
    config.vocabulary = size_field(fields, "vocab_size", 100'000'000);
    config.width = size_field(fields, "hidden_size", 1 << 20);
    config.layers = size_field(fields, "num_hidden_layers", 10'000);
    config.heads = size_field(fields, "num_attention_heads", 1 << 16);
    config.inner = size_field(fields, "intermediate_size", 1 << 24);
    config.positions = size_field(fields, "max_position_embeddings", 1 << 24);
    if (fields.find("type_vocab_size") != nullptr) config.types = size_field(fields, "type_vocab_size", 1 << 16);
    config.layer_norm_eps = fields.number("layer_norm_eps", config.layer_norm_eps, 0.0, 1.0);
    config.tied = fields.boolean("tie_word_embeddings", config.tied);
    config.labels = read_labels(fields);
    if (config.width % config.heads != 0) {
        throw InputError(fmt::format("{}: hidden_size {} is not a multiple of num_attention_heads {}", where,
                                     config.width, config.heads));
    }
    return config;
}

}  // namespace attnflow
