#include "attention/model/tokenizer/reader.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>

#include <fmt/format.h>

#include "attention/files/json.hpp"
#include "attention/model/tokenizer/characters.hpp"
#include "attention/model/tokenizer/component.hpp"
#include "graph/support/error.hpp"
#include "graph/support/text.hpp"

namespace attnflow {
namespace {

using Json = nlohmann::json;

std::string beside(const std::string& path, const char* name) {
    return (std::filesystem::path(path).parent_path() / name).string();
}

/// An empty object where there is no such file.
Json read_object(const std::string& path) {
    if (!has_entry(path)) return Json::object();
    return parse_json(read_text_file(path, most_tokenizer_bytes), escape_controls(path));
}

}  // namespace

std::optional<std::string> read_special_name(const JsonFields& fields, const std::string& key) {
    const Json* value = fields.find(key);
    if (value == nullptr) return std::nullopt;
    const std::string name = value->is_object() ? fields.object(key).text("content") : fields.text(key);
    if (name.empty() || name.size() > longest_token)
        fields.refuse(key, *value, fmt::format("a token of 1 to {} bytes", longest_token));
    return name;
}

std::vector<std::pair<std::string, TokenId>> read_entries(const Json& vocabulary, const std::string& where) {
    if (!vocabulary.is_object()) {
        throw InputError(fmt::format("{}: has type {}, expected an object of ids", where, vocabulary.type_name()));
    }
    std::vector<std::pair<std::string, TokenId>> entries;
    entries.reserve(vocabulary.size());
    for (auto entry = vocabulary.begin(); entry != vocabulary.end(); ++entry) {
        if (entry.key().size() > longest_token) {
            throw InputError(fmt::format("{}: token '{}' has {} bytes, expected at most {}", where,
                                         excerpt(entry.key()), entry.key().size(), longest_token));
        }
        entries.emplace_back(entry.key(),
                             read_token_id(*entry, fmt::format("{}: '{}'", where, excerpt(entry.key()))));
    }
    return entries;
}

// TokenizerSettings

TokenizerSettings::TokenizerSettings(const std::string& path)
    : path_(beside(path, "tokenizer_config.json")),
      json_(read_object(path_)),
      fields_(json_, escape_controls(has_entry(path_) ? path_ : path)) {
    const std::string map_path = beside(path, "special_tokens_map.json");
    const Json map = read_object(map_path);
    const JsonFields mapped(map, escape_controls(map_path));
    for (const auto& [role, usual] : usual_names()) {
        const auto first = read_special_name(fields_, role);
        const auto second = read_special_name(mapped, role);
        if (first && second && *first != *second) {
            throw InputError(fmt::format("{}: {} is '{}', but '{}' in {}", mapped.where(), role, excerpt(*second),
                                         excerpt(*first), fields_.where()));
        }
        names_[role] = first ? first : second;
    }
    const Json* more = mapped.find("additional_special_tokens");
    if (more == nullptr) return;
    if (!more->is_array()) mapped.refuse("additional_special_tokens", *more, "a list of tokens");
    for (const Json& token : *more) {
        const Json holder{{"token", token}};
        if (auto name =
                read_special_name(JsonFields(holder, mapped.where() + ": additional_special_tokens"), "token"))
            additional_.push_back(std::move(*name));
    }
}

const std::vector<std::pair<std::string, std::string>>& TokenizerSettings::usual_names() {
    static const std::vector<std::pair<std::string, std::string>> names{
        {"pad_token", "[PAD]"},   {"unk_token", "[UNK]"}, {"cls_token", "[CLS]"}, {"sep_token", "[SEP]"},
        {"mask_token", "[MASK]"}, {"bos_token", ""},      {"eos_token", ""}};
    return names;
}

std::string TokenizerSettings::name(const std::string& role) const {
    const auto usual = std::find_if(usual_names().begin(), usual_names().end(),
                                    [&](const auto& entry) { return entry.first == role; });
    return names_.at(role).value_or(usual->second);
}

void TokenizerSettings::refuse_split() const {
    if (!fields_.boolean("split_special_tokens", false)) return;
    throw InputError(fields_.where() +
                     ": split_special_tokens = true is not supported, expected false: special tokens in a text "
                     "would be cut into pieces");
}

// AddedTokensReader

void AddedTokensReader::add_list(const Json& list) {
    if (!list.is_array())
        throw InputError(fmt::format("{}: added_tokens has type {}, expected a list", where_, list.type_name()));
    for (std::size_t i = 0; i < list.size(); ++i) {
        const JsonFields fields(list[i], fmt::format("{}: added_tokens[{}]", where_, i));
        add(fields, read_token_id(fields.need("id"), fields.where()));
    }
    finish();
}

/// One added token, `fields` having its text and how it is matched.
void AddedTokensReader::add(const JsonFields& fields, TokenId id) {
    AddedToken token{.content = {}, .text = fields.text("content"), .id = id};
    if (token.text.empty() || token.text.size() > longest_token)
        fields.refuse("content", fields.need("content"), fmt::format("1 to {} bytes", longest_token));
    if (fields.boolean("single_word", false))
        throw InputError(fields.where() + ": single_word is not supported, expected false");
    token.strip_left = fields.boolean("lstrip", false);
    token.strip_right = fields.boolean("rstrip", false);
    const bool special = fields.boolean("special", false);
    const bool normalized = fields.boolean("normalized", !special);
    token.content = decode_utf8(token.text, fields.where());
    if (normalized && parts_.normalizer) token.content = parts_.normalizer->normalize(token.content);
    const auto known = parts_.vocabulary.find(token.text);
    if (known && *known != token.id) {
        throw InputError(fmt::format("{}: '{}' has id {}, but {} in the vocabulary", fields.where(),
                                     excerpt(token.text), token.id, *known));
    }
    texts_.insert(token.text);
    if (!known) fresh_.emplace_back(token.text, token.id);
    if (special) parts_.special.push_back(token.text);
    if (!token.content.empty()) (normalized ? normalized_ : as_is_).push_back(std::move(token));
}

void AddedTokensReader::finish() {
    if (!fresh_.empty()) {
        const auto& known = parts_.vocabulary.entries();
        fresh_.insert(fresh_.end(), known.begin(), known.end());
        parts_.vocabulary = Vocabulary(std::exchange(fresh_, {}), where_);
    }
    parts_.added = AddedTokens(as_is_);
    parts_.added_normalized = AddedTokens(normalized_);
}

bool AddedTokensReader::is_special(const std::string& name) const {
    return std::find(parts_.special.begin(), parts_.special.end(), name) != parts_.special.end();
}

/// `added_tokens_decoder` of the settings: an object by id.
void AddedTokensReader::add_decoder(const JsonFields& entries, const Json& decoder) {
    for (auto entry = decoder.begin(); entry != decoder.end(); ++entry) {
        TokenId id = 0;
        const std::string& key = entry.key();
        std::from_chars(key.data(), key.data() + key.size(), id);
        if (key != std::to_string(id) || id < 0 || id > largest_token_id) {
            throw InputError(fmt::format("{}: '{}', expected an id in [0, {}] without leading zeros",
                                         entries.where(), excerpt(key), largest_token_id));
        }
        const JsonFields token = entries.object(key);
        if (!texts_.contains(token.text("content"))) {
            add(token, id);
        } else if (parts_.vocabulary.find(token.text("content")) != id) {
            throw InputError(fmt::format("{}: '{}' has another id in {}", token.where(),
                                         excerpt(token.text("content")), where_));
        }
    }
}

void AddedTokensReader::add_settings(const TokenizerSettings& settings, bool named_only) {
    const JsonFields& fields = settings.fields();
    if (const Json* decoder = fields.find("added_tokens_decoder"))
        add_decoder(fields.object("added_tokens_decoder"), *decoder);
    std::vector<std::string> names;
    for (const auto& [role, usual] : TokenizerSettings::usual_names()) {
        if (settings.named(role) || !named_only) names.push_back(settings.name(role));
    }
    names.insert(names.end(), settings.additional().begin(), settings.additional().end());
    for (const std::string& name : names) {
        const auto id = parts_.vocabulary.find(name);
        if (name.empty() || !id || is_special(name)) continue;
        parts_.special.push_back(name);
        if (texts_.insert(name).second)
            as_is_.push_back({.content = decode_utf8(name, where_), .text = name, .id = *id});
    }
    finish();
    for (const char* key : {"additional_special_tokens", "extra_special_tokens"}) {
        const Json* more = fields.find(key);
        if (more == nullptr) continue;
        if (!more->is_array() && !more->is_object()) fields.refuse(key, *more, "a list or an object of tokens");
        for (const Json& token : *more) check_special(fmt::format("{}: {}", fields.where(), key), token);
    }
}

void AddedTokensReader::check_special(const std::string& place, const Json& token) const {
    const Json holder{{"token", token}};
    const auto name = read_special_name(JsonFields(holder, place), "token");
    if (name && is_special(*name)) return;
    throw InputError(fmt::format("{}: {} is not supported, expected special tokens of this file only", place,
                                 excerpt(token.dump())));
}

}  // namespace attnflow
