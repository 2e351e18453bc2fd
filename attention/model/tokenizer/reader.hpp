#pragma once
/// The files of a tokenizer, and what their readers share: the settings beside them, special and added tokens.

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "attention/model/checkpoint/json_fields.hpp"
#include "attention/model/tokenizer/parts.hpp"

namespace attnflow {

/// tokenizer.json at `path`, with the settings beside it. Throws InputError for what is malformed or not
/// supported.
TokenizerParts read_tokenizer_json(const std::string& path);
/// vocab.txt at `path`, with the settings beside it.
TokenizerParts read_vocab_txt(const std::string& path);

inline constexpr std::size_t most_tokenizer_bytes = 256'000'000;

/// tokenizer_config.json and special_tokens_map.json in the folder of a tokenizer's file.
class TokenizerSettings {
public:
    /// Those that are there. Throws InputError for files that are malformed or contradict each other.
    explicit TokenizerSettings(const std::string& path);
    TokenizerSettings(const TokenizerSettings&) = delete;  // fields_ looks into json_
    TokenizerSettings& operator=(const TokenizerSettings&) = delete;

    /// Of tokenizer_config.json, empty where it is missing.
    const JsonFields& fields() const { return fields_; }

    /// The special token of a role ("unk_token", "mask_token", ...), where it is named.
    const std::optional<std::string>& named(const std::string& role) const { return names_.at(role); }
    /// Its name, or else the one that BERT gives it; "" where it gives none.
    std::string name(const std::string& role) const;
    /// `additional_special_tokens` of special_tokens_map.json.
    const std::vector<std::string>& additional() const { return additional_; }
    /// The roles with BERT's names, "" where it has none.
    static const std::vector<std::pair<std::string, std::string>>& usual_names();

    /// Throws InputError where special tokens of a text were to be cut into pieces.
    void refuse_split() const;

private:
    std::string path_;  // of tokenizer_config.json, "" for none; else of the tokenizer's file
    nlohmann::json json_;
    JsonFields fields_;
    std::map<std::string, std::optional<std::string>> names_;
    std::vector<std::string> additional_;
};

/// The text of a special token: a string, or an object with its content. Nothing where `key` is missing.
std::optional<std::string> read_special_name(const JsonFields& fields, const std::string& key);

/// A vocabulary as an object of ids.
std::vector<std::pair<std::string, TokenId>> read_entries(const nlohmann::json& vocabulary,
                                                          const std::string& where);

/// Puts added and special tokens into the parts, whose vocabulary and normalizer are there already.
class AddedTokensReader {
public:
    /// `where`: the tokenizer's file, for messages.
    AddedTokensReader(TokenizerParts& parts, std::string where) : parts_(parts), where_(std::move(where)) {}

    /// `added_tokens` of a tokenizer.json.
    void add_list(const nlohmann::json& list);
    /// Those of the settings, and the special ones, as far as they are not known yet: all of them, or, with
    /// `named_only`, those that the settings name.
    void add_settings(const TokenizerSettings& settings, bool named_only);
    /// Throws InputError, beginning with `place`, for a token (a string, or an object with its content) that is
    /// not special already.
    void check_special(const std::string& place, const nlohmann::json& token) const;

private:
    void add(const JsonFields& fields, TokenId id);
    void add_decoder(const JsonFields& entries, const nlohmann::json& decoder);
    void finish();
    bool is_special(const std::string& name) const;

    TokenizerParts& parts_;
    std::string where_;
    std::vector<AddedToken> as_is_;
    std::vector<AddedToken> normalized_;
    std::vector<std::pair<std::string, TokenId>> fresh_;  // that the vocabulary lacks
    std::set<std::string> texts_;                         // of all added tokens
};

}  // namespace attnflow
