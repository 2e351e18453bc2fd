#include "attention/model/checkpoint/config.hpp"

#include <fmt/format.h>

#include "attention/files/json.hpp"
#include "graph/support/error.hpp"
#include "graph/support/text.hpp"

namespace attnflow {

using Json = nlohmann::json;

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

void expect_false(const JsonFields& config, const std::string& key) {
    if (config.boolean(key, false)) {
        throw InputError(
            fmt::format("{}: {} is true, which is not supported, expected false", config.where(), key));
    }
}

}  // namespace attnflow
