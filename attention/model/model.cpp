#include "attention/model/model.hpp"

#include <filesystem>

#include <fmt/format.h>

#include "attention/model/checkpoint/weight_files.hpp"
#include "attention/model/config.hpp"
#include "graph/support/error.hpp"
#include "graph/support/text.hpp"

namespace attnflow {

TokenBatch TokenBatch::of(const Encoding& encoding) {
    return {1, encoding.ids.size(), encoding.ids, encoding.type_ids};
}

void check_batch(const ModelShape& shape, const TokenBatch& batch) {
    const std::size_t tokens = batch.count * batch.length;
    if (tokens == 0) throw InputError("no tokens, expected at least one");
    if (batch.ids.size() != tokens || batch.type_ids.size() != tokens) {
        throw ParameterError(fmt::format("batch of {} × {} tokens with {} ids and {} type ids", batch.count,
                                         batch.length, batch.ids.size(), batch.type_ids.size()));
    }
    if (batch.length > shape.positions) {
        throw InputError(fmt::format("{} tokens, expected at most the {} positions of the model", batch.length,
                                     shape.positions));
    }
    for (std::size_t i = 0; i < tokens; ++i) {
        const auto in_range = [](TokenId id, std::size_t end) {
            return id >= 0 && static_cast<std::size_t>(id) < end;
        };
        if (!in_range(batch.ids[i], shape.vocabulary)) {
            throw InputError(fmt::format("token id {}, expected one below {}", batch.ids[i], shape.vocabulary));
        }
        if (!in_range(batch.type_ids[i], shape.types)) {
            throw InputError(fmt::format("type id {}, expected one below {}", batch.type_ids[i], shape.types));
        }
    }
}

TextModel TextModel::open(const std::string& folder, const std::string& precision) {
    const std::string config = (std::filesystem::path(folder) / "config.json").string();
    const std::string name = architecture_of(config);
    const auto* entry = model_architectures().find(name);
    if (entry == nullptr) {
        throw InputError(fmt::format("{}: architecture '{}' is not supported, expected one of {}",
                                     escape_controls(config), excerpt(name),
                                     join(model_architectures().names(), ", ")));
    }
    Tokenizer tokenizer = Tokenizer::open(folder);
    TextModel model{folder, name, std::move(tokenizer), entry->make({{"precision", precision}})->load(folder)};
    const ModelShape& shape = model.model->shape();
    const TokenId largest = model.tokenizer.vocabulary().largest_id();
    if (largest >= 0 && static_cast<std::size_t>(largest) >= shape.vocabulary) {
        throw InputError(fmt::format("{}: the tokenizer has id {} ('{}'), the model {} embeddings",
                                     escape_controls(folder), largest,
                                     excerpt(model.tokenizer.vocabulary().text(largest)), shape.vocabulary));
    }
    return model;
}

std::vector<std::string> TextModel::files(const std::string& folder) {
    std::vector<std::string> files = Tokenizer::files(folder);
    files.push_back((std::filesystem::path(folder) / "config.json").string());
    const WeightFiles weights = WeightFiles::open(folder);
    files.insert(files.end(), weights.paths().begin(), weights.paths().end());
    return files;
}

Encoding TextModel::encode(std::string_view text, const std::string& where) const {
    if (!is_utf8(text)) throw InputError(fmt::format("{}: '{}' is not UTF-8", where, excerpt(text)));
    Encoding encoding;
    try {
        encoding = tokenizer.encode(text);
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
    return encoding;
}

}  // namespace attnflow
