#include "attention/model/text_model.hpp"

#include <filesystem>

#include <fmt/format.h>

#include "attention/model/checkpoint/config.hpp"
#include "attention/model/checkpoint/weight_files.hpp"
#include "attention/model/registry.hpp"
#include "graph/support/error.hpp"
#include "graph/support/text.hpp"

namespace attnflow {
namespace {

struct NamedPrecision {
    const char* name;
    Precision precision;
};
constexpr NamedPrecision precisions[] = {{"float32", Precision::float32}, {"float64", Precision::float64}};

Precision precision_named(const std::string& name) {
    for (const NamedPrecision& entry : precisions) {
        if (entry.name == name) return entry.precision;
    }
    throw ParameterError(
        fmt::format("precision '{}', expected {}", excerpt(name), join(precision_names(), " or ")));
}

std::string config_of(const std::string& folder) {
    return (std::filesystem::path(folder) / "config.json").string();
}

auto architecture_of(const ModelConfig& config) {
    const std::string name = config.architecture();
    const auto* entry = model_architectures().find(name);
    if (entry == nullptr) {
        throw InputError(fmt::format("{}: architecture '{}' is not supported, expected one of {}",
                                     config.fields().where(), excerpt(name),
                                     join(model_architectures().names(), ", ")));
    }
    return entry->make();
}

}  // namespace

std::vector<std::string> precision_names() {
    std::vector<std::string> names;
    for (const NamedPrecision& entry : precisions) names.emplace_back(entry.name);
    return names;
}

TextModel TextModel::open(const std::string& folder, const std::string& precision) {
    const Precision with = precision_named(precision);
    const ModelConfig config = ModelConfig::read(config_of(folder));
    const auto architecture = architecture_of(config);
    config.refuse_other_programs();
    Tokenizer tokenizer = Tokenizer::open(folder);
    const WeightFiles files = WeightFiles::open(folder);
    const ModelPlan plan = architecture->plan(config.fields(), files);
    config.refuse_settings_not_followed();
    TextModel model{folder, config.architecture(), std::move(tokenizer), make_model(plan, files, with)};
    const ModelShape& shape = model.model->shape();
    const TokenId largest = model.tokenizer.vocabulary().largest_id();
    if (largest >= 0 && static_cast<std::size_t>(largest) >= shape.vocabulary) {
        throw InputError(fmt::format("{}: the tokenizer has id {} ('{}'), the model {} embeddings",
                                     escape_controls(folder), largest,
                                     excerpt(model.tokenizer.vocabulary().text(largest)), shape.vocabulary));
    }
    return model;
}

Task TextModel::task_of(const std::string& folder) {
    const ModelConfig config = ModelConfig::read(config_of(folder));
    return architecture_of(config)->plan(config.fields(), WeightFiles::open(folder)).output.task;
}

std::vector<std::string> TextModel::files(const std::string& folder) {
    std::vector<std::string> files = Tokenizer::files(folder);
    files.push_back(config_of(folder));
    const WeightFiles weights = WeightFiles::open(folder);
    files.insert(files.end(), weights.paths().begin(), weights.paths().end());
    return files;
}

Encoding TextModel::encode(std::string_view text, const std::string& where) const {
    return encode(text, std::nullopt, where);
}

Encoding TextModel::encode(std::string_view text, const std::optional<std::string>& pair,
                           const std::string& where) const {
    // Before they are taken apart, which takes many times their size in memory.
    constexpr std::size_t longest_token = 4096;
    const std::size_t bytes = text.size() + (pair ? pair->size() : 0);
    if (bytes / longest_token > model->shape().positions) {
        throw InputError(
            fmt::format("{}: '{}' has {} bytes, far more than the {} positions of the model can hold (shorten it; "
                        "nothing is cut off in silence)",
                        where, excerpt(text), bytes, model->shape().positions));
    }
    const auto check_utf8 = [&](std::string_view one) {
        if (!is_utf8(one)) throw InputError(fmt::format("{}: '{}' is not UTF-8", where, excerpt(one)));
    };
    check_utf8(text);
    if (pair) check_utf8(*pair);
    Encoding encoding;
    try {
        encoding = pair ? tokenizer.encode(text, *pair) : tokenizer.encode(text);
    } catch (const InputError& error) {
        throw InputError(fmt::format("{}: {}", where, error.what()));
    }
    if (encoding.ids.empty()) throw InputError(fmt::format("{}: '{}' has no tokens", where, excerpt(text)));
    if (encoding.ids.size() > model->shape().positions) {
        throw InputError(
            fmt::format("{}: '{}' has {} tokens, expected at most the {} positions of the model (shorten it; "
                        "nothing is cut off in silence)",
                        where, excerpt(text), encoding.ids.size(), model->shape().positions));
    }
    // Of a template, whose ids no vocabulary has; those of the vocabulary were checked.
    for (const TokenId id : encoding.ids) {
        if (id >= 0 && static_cast<std::size_t>(id) < model->shape().vocabulary) continue;
        throw InputError(
            fmt::format("{}: the tokenizer of {} gives id {}, expected one below the model's {} embeddings", where,
                        escape_controls(folder), id, model->shape().vocabulary));
    }
    for (const TokenId type : encoding.type_ids) {
        if (static_cast<std::size_t>(type) < model->shape().types) continue;
        throw InputError(
            fmt::format("{}: the tokenizer of {} gives token type {}, expected one below {}, which is "
                        "how many the model has{}",
                        where, escape_controls(folder), type, model->shape().types,
                        pair ? ": it was not made for pairs of texts" : ""));
    }
    return encoding;
}

}  // namespace attnflow
