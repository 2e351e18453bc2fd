/// Tokenizer::open: the files of a Hugging Face directory.

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "attention/files/json.hpp"
#include "attention/model/checkpoint/json_fields.hpp"
#include "attention/model/tokenizer/characters.hpp"
#include "attention/model/tokenizer/tokenizer.hpp"
#include "graph/support/error.hpp"
#include "graph/support/text.hpp"

namespace attnflow {
namespace {
constexpr std::size_t most_bytes = 256'000'000;
constexpr std::size_t longest_token = 10'000;
constexpr std::int64_t largest_id = 100'000'000;

/// BERT's special tokens by role.
constexpr std::pair<const char*, const char*> usual_names[] = {{"pad_token", "[PAD]"},
                                                               {"unk_token", "[UNK]"},
                                                               {"cls_token", "[CLS]"},
                                                               {"sep_token", "[SEP]"},
                                                               {"mask_token", "[MASK]"}};

[[noreturn]] void not_supported(const std::string& where, const std::string& component, const std::string& type,
                                const std::string& supported) {
    throw InputError(
        fmt::format("{}: {} '{}' is not supported, expected {}", where, component, excerpt(type), supported));
}

TokenId read_id(const Json& value, const std::string& where) {
    if (!value.is_number_unsigned() || value.get<std::uint64_t>() > static_cast<std::uint64_t>(largest_id)) {
        throw InputError(
            fmt::format("{}: id {}, expected an integer in [0, {}]", where, excerpt(value.dump()), largest_id));
    }
    return value.get<TokenId>();
}

std::vector<std::pair<std::string, TokenId>> read_entries(const Json& vocabulary, const std::string& where) {
    if (!vocabulary.is_object()) {
        throw InputError(fmt::format("{}: has type {}, expected an object of ids", where, vocabulary.type_name()));
    }
    std::vector<std::pair<std::string, TokenId>> entries;
    entries.reserve(vocabulary.size());
    for (const auto& [token, id] : vocabulary.items()) {
        if (token.size() > longest_token) {
            throw InputError(fmt::format("{}: token '{}' has {} bytes, expected at most {}", where, excerpt(token),
                                         token.size(), longest_token));
        }
        entries.emplace_back(token, read_id(id, fmt::format("{}: '{}'", where, excerpt(token))));
    }
    return entries;
}

}  // namespace

struct Tokenizer::Reader {
    Tokenizer tokenizer;
    std::string where;  ///< the file, for messages
    std::vector<AddedToken> added_as_is;
    std::vector<AddedToken> added_normalized;
    std::vector<std::pair<std::string, TokenId>> fresh;  ///< added tokens that the vocabulary lacks
    std::set<std::string> added;                         ///< texts of all added tokens

    // tokenizer.json

    void read_json(const std::string& path, const std::string& settings_path) {
        where = escape_controls(path);
        const Json settings = settings_of(settings_path);
        const JsonFields fields(settings, settings_path.empty() ? where : escape_controls(settings_path));
        const Json json = parse_json(read_text_file(path, most_bytes), where);
        const JsonFields root(json, where);
        if (const Json* normalizer = root.find("normalizer"))
            read_normalizer(JsonFields(*normalizer, where + ": normalizer"));
        if (const Json* splitter = root.find("pre_tokenizer")) {
            const std::string type = JsonFields(*splitter, where + ": pre_tokenizer").text("type");
            if (type == "WhitespaceSplit") {
                tokenizer.pre_tokenizer_ = PreTokenizer::whitespace_split;
            } else if (type == "BertPreTokenizer") {
                tokenizer.pre_tokenizer_ = PreTokenizer::bert;
            } else {
                not_supported(where, "pre-tokenizer", type, "BertPreTokenizer, WhitespaceSplit or none");
            }
        }
        read_model(root.object("model"));
        if (const Json* list = root.find("added_tokens")) read_added(*list);
        const SpecialNames names = read_special_names(fields, path);
        check_settings(fields);
        read_more_tokens(fields, names);
        const std::string unknown_text = root.object("model").text("unk_token", "");
        if (const auto& named = names.at("unk_token"); named && *named != unknown_text) {
            throw InputError(fmt::format("{}: unk_token is '{}', but '{}' in {}", fields.where(), excerpt(*named),
                                         excerpt(unknown_text), where));
        }
        tokenizer.unknown_ = tokenizer.vocabulary_.find(unknown_text);
        tokenizer.mask_ = tokenizer.vocabulary_.find(name_of(names, "mask_token"));
        tokenizer.pad_ = tokenizer.vocabulary_.find(name_of(names, "pad_token"));
        if (const Json* processor = root.find("post_processor")) {
            read_template(JsonFields(*processor, where + ": post_processor"));
        } else {
            tokenizer.template_ = {{.text = true, .ids = {}, .type = 0}};
        }
    }

    static Json settings_of(const std::string& path) {
        if (path.empty()) return Json::object();
        return parse_json(read_text_file(path, most_bytes), escape_controls(path));
    }

    /// Settings that fast tokenizers follow beside tokenizer.json, or that one of them lets win over it.
    void check_settings(const JsonFields& fields) const {
        refuse_split(fields);
        if (!tokenizer.normalizer_) return;
        const auto same = [&](const char* key, bool is) {
            if (fields.find(key) == nullptr || fields.boolean(key, is) == is) return;
            throw InputError(
                fmt::format("{}: {} is {}, but the normalizer of {} has {}, expected the same in both: programs "
                            "differ in which they follow",
                            fields.where(), key, !is, where, is));
        };
        same("do_lower_case", tokenizer.normalizer_->lowercase);
        same("strip_accents", tokenizer.normalizer_->strip_accents);
        same("tokenize_chinese_chars", tokenizer.normalizer_->handle_chinese_chars);
    }

    static void refuse_split(const JsonFields& fields) {
        if (!fields.boolean("split_special_tokens", false)) return;
        throw InputError(
            fields.where() +
            ": split_special_tokens = true is not supported, expected false: special tokens in a text "
            "would be cut into pieces");
    }

    void read_normalizer(const JsonFields& fields) {
        const std::string type = fields.text("type");
        if (type != "BertNormalizer") not_supported(where, "normalizer", type, "BertNormalizer or none");
        BertNormalizer normalizer;
        normalizer.clean_text = fields.boolean("clean_text", true);
        normalizer.handle_chinese_chars = fields.boolean("handle_chinese_chars", true);
        normalizer.lowercase = fields.boolean("lowercase", true);
        normalizer.strip_accents = fields.boolean("strip_accents", normalizer.lowercase);
        tokenizer.normalizer_ = normalizer;
    }

    void read_model(const JsonFields& fields) {
        // Files by older writers do not name the model; only WordPiece has a continuation.
        const std::string type =
            fields.text("type", fields.find("continuing_subword_prefix") != nullptr ? "WordPiece" : "");
        if (type == "WordPiece") {
            WordPiece pieces;
            pieces.continuation = fields.text("continuing_subword_prefix", "##");
            if (fields.find("max_input_chars_per_word") != nullptr) {
                pieces.longest_word =
                    static_cast<std::size_t>(fields.integer("max_input_chars_per_word", 1, longest_token));
            }
            tokenizer.model_ = pieces;
        } else if (type != "WordLevel") {
            not_supported(where, "model", type, "WordLevel or WordPiece");
        }
        tokenizer.vocabulary_ = Vocabulary(read_entries(fields.need("vocab"), fields.where() + ": vocab"), where);
    }

    void read_added(const Json& list) {
        if (!list.is_array()) {
            throw InputError(
                fmt::format("{}: added_tokens has type {}, expected a list", where, list.type_name()));
        }
        for (std::size_t i = 0; i < list.size(); ++i) {
            const JsonFields fields(list[i], fmt::format("{}: added_tokens[{}]", where, i));
            add_token(fields, read_id(fields.need("id"), fields.where()));
        }
        finish_added();
    }

    /// One added token, `fields` having its text and how it is matched.
    void add_token(const JsonFields& fields, TokenId id) {
        AddedToken token{.content = {}, .text = fields.text("content"), .id = id};
        if (token.text.empty() || token.text.size() > longest_token) {
            fields.refuse("content", fields.need("content"), fmt::format("1 to {} bytes", longest_token));
        }
        if (fields.boolean("single_word", false)) {
            throw InputError(fields.where() + ": single_word is not supported, expected false");
        }
        token.strip_left = fields.boolean("lstrip", false);
        token.strip_right = fields.boolean("rstrip", false);
        const bool special = fields.boolean("special", false);
        const bool normalized = fields.boolean("normalized", !special);
        token.content = decode_utf8(token.text, fields.where());
        if (normalized && tokenizer.normalizer_) {
            token.content = tokenizer.normalizer_->normalize(token.content);
        }
        const auto known = tokenizer.vocabulary_.find(token.text);
        if (known && *known != token.id) {
            throw InputError(fmt::format("{}: '{}' has id {}, but {} in the vocabulary", fields.where(),
                                         excerpt(token.text), token.id, *known));
        }
        added.insert(token.text);
        if (!known) fresh.emplace_back(token.text, token.id);
        if (special) tokenizer.special_.push_back(token.text);
        if (!token.content.empty()) (normalized ? added_normalized : added_as_is).push_back(std::move(token));
    }

    void finish_added() {
        if (!fresh.empty()) {
            const auto& known = tokenizer.vocabulary_.entries();
            fresh.insert(fresh.end(), known.begin(), known.end());
            tokenizer.vocabulary_ = Vocabulary(std::exchange(fresh, {}), where);
        }
        tokenizer.added_ = AddedTokens(added_as_is);
        tokenizer.added_normalized_ = AddedTokens(added_normalized);
    }

    void read_template(const JsonFields& fields) {
        const std::string type = fields.text("type");
        if (type != "TemplateProcessing")
            not_supported(where, "post-processor", type, "TemplateProcessing or none");
        const Json& single = fields.need("single");
        if (!single.is_array()) fields.refuse("single", single, "a list");
        std::size_t texts = 0;
        for (std::size_t i = 0; i < single.size(); ++i) {
            const JsonFields slot(single[i], fmt::format("{}: single[{}]", fields.where(), i));
            if (slot.find("Sequence") != nullptr) {
                const JsonFields sequence = slot.object("Sequence");
                if (sequence.text("id") != "A") sequence.refuse("id", sequence.need("id"), "\"A\"");
                tokenizer.template_.push_back({.text = true, .ids = {}, .type = type_id(sequence)});
                ++texts;
            } else {
                const JsonFields special = slot.object("SpecialToken");
                tokenizer.template_.push_back(
                    {.text = false, .ids = special_ids(fields, special.text("id")), .type = type_id(special)});
            }
        }
        if (texts != 1) {
            throw InputError(
                fmt::format("{}: single has the text {} times, expected once", fields.where(), texts));
        }
    }

    static TokenId type_id(const JsonFields& fields) {
        return fields.find("type_id") == nullptr ? 0 : static_cast<TokenId>(fields.integer("type_id", 0, 1000));
    }

    std::vector<TokenId> special_ids(const JsonFields& fields, const std::string& name) const {
        const JsonFields entry = fields.object("special_tokens").object(name);
        const Json& list = entry.need("ids");
        if (!list.is_array() || list.size() > 100) entry.refuse("ids", list, "a list of at most 100 ids");
        std::vector<TokenId> ids;
        for (const Json& id : list) ids.push_back(read_id(id, entry.where()));
        return ids;
    }

    // vocab.txt

    void read_lines(const std::string& path, const std::string& settings_path) {
        where = escape_controls(path);
        tokenizer.vocabulary_ = Vocabulary(lines_of(read_text_file(path, most_bytes)), where);
        const Json settings = settings_of(settings_path);
        const JsonFields fields(settings, settings_path.empty() ? where : escape_controls(settings_path));
        read_bert_settings(fields);
        const SpecialNames names = read_special_names(fields, path);
        tokenizer.pre_tokenizer_ = PreTokenizer::bert;
        tokenizer.model_ = WordPiece{};
        refuse_split(fields);
        read_more_tokens(fields, names);
        need_special_tokens(names);
        check_never_split(fields);
        check_added_file(path);
    }

    void read_bert_settings(const JsonFields& fields) {
        const std::string type = fields.text("tokenizer_class", "BertTokenizer");
        if (type != "BertTokenizer" && type != "BertTokenizerFast") {
            not_supported(fields.where(), "tokenizer_class", type, "BertTokenizer or BertTokenizerFast");
        }
        if (!fields.boolean("do_basic_tokenize", true)) {
            throw InputError(fields.where() +
                             ": do_basic_tokenize = false is not supported, expected true: words would be cut at "
                             "white space only (a tokenizer.json with WhitespaceSplit says that)");
        }
        if (const std::string prefix = fields.text("wordpieces_prefix", "##"); prefix != "##") {
            not_supported(fields.where(), "wordpieces_prefix", prefix, "##");
        }
        BertNormalizer normalizer;
        normalizer.lowercase = fields.boolean("do_lower_case", true);
        normalizer.handle_chinese_chars = fields.boolean("tokenize_chinese_chars", true);
        normalizer.strip_accents = fields.boolean("strip_accents", normalizer.lowercase);
        tokenizer.normalizer_ = normalizer;
    }

    /// Those that are given, by role as the settings call them: "unk_token" and so on.
    using SpecialNames = std::map<std::string, std::optional<std::string>>;

    /// The text of a special token: a string, or an object with its content. Nothing where it is missing.
    static std::optional<std::string> special_name(const JsonFields& fields, const std::string& role) {
        const Json* value = fields.find(role);
        if (value == nullptr) return std::nullopt;
        const std::string name = value->is_object() ? fields.object(role).text("content") : fields.text(role);
        if (name.empty() || name.size() > longest_token) {
            fields.refuse(role, *value, fmt::format("a token of 1 to {} bytes", longest_token));
        }
        return name;
    }

    static SpecialNames read_special_names(const JsonFields& fields, const std::string& vocabulary_path) {
        SpecialNames names;
        const std::string map_path = beside(vocabulary_path, "special_tokens_map.json");
        const std::string place = escape_controls(map_path);
        const Json map =
            has_entry(map_path) ? parse_json(read_text_file(map_path, most_bytes), place) : Json::object();
        const JsonFields mapped(map, place);
        for (const auto& [role, usual] : usual_names) {
            const auto first = special_name(fields, role);
            const auto second = special_name(mapped, role);
            if (first && second && *first != *second) {
                throw InputError(fmt::format("{}: {} is '{}', but '{}' in {}", place, role, excerpt(*second),
                                             excerpt(*first), fields.where()));
            }
            names[role] = first ? first : second;
        }
        return names;
    }

    /// Added tokens of the settings and the special ones, as far as they are not known yet.
    void read_more_tokens(const JsonFields& fields, const SpecialNames& names) {
        const Json* decoder = fields.find("added_tokens_decoder");
        if (decoder != nullptr) {
            const JsonFields entries = fields.object("added_tokens_decoder");
            for (const auto& [key, value] : decoder->items()) {
                TokenId id = 0;
                std::from_chars(key.data(), key.data() + key.size(), id);
                if (key != std::to_string(id) || id < 0 || id > largest_id) {
                    throw InputError(fmt::format("{}: '{}', expected an id in [0, {}] without leading zeros",
                                                 entries.where(), excerpt(key), largest_id));
                }
                const JsonFields token = entries.object(key);
                if (!added.contains(token.text("content"))) {
                    add_token(token, id);
                } else if (tokenizer.vocabulary_.find(token.text("content")) != id) {
                    throw InputError(fmt::format("{}: '{}' has another id in {}", token.where(),
                                                 excerpt(token.text("content")), where));
                }
            }
        }
        for (const auto& [role, usual] : usual_names) {
            const auto& given = names.at(role);
            // Beside tokenizer.json only those that are named.
            if (!given && where.ends_with(".json")) continue;
            const std::string name = given.value_or(usual);
            const auto id = tokenizer.vocabulary_.find(name);
            if (!id || std::find(tokenizer.special_.begin(), tokenizer.special_.end(), name) !=
                           tokenizer.special_.end()) {
                continue;
            }
            tokenizer.special_.push_back(name);
            if (added.insert(name).second)
                added_as_is.push_back({.content = decode_utf8(name, where), .text = name, .id = *id});
        }
        finish_added();
        for (const char* key : {"additional_special_tokens", "extra_special_tokens"}) {
            const Json* more = fields.find(key);
            if (more == nullptr) continue;
            if (!more->is_array() && !more->is_object())
                fields.refuse(key, *more, "a list or an object of tokens");
            for (const Json& token : *more) check_known(fmt::format("{}: {}", fields.where(), key), token);
        }
    }

    /// What BERT's tokenizer needs.
    void need_special_tokens(const SpecialNames& names) {
        tokenizer.unknown_ = need_token(names, "unk_token");
        tokenizer.mask_ = tokenizer.vocabulary_.find(name_of(names, "mask_token"));
        tokenizer.pad_ = tokenizer.vocabulary_.find(name_of(names, "pad_token"));
        tokenizer.template_ = {{.text = false, .ids = {need_token(names, "cls_token")}, .type = 0},
                               {.text = true, .ids = {}, .type = 0},
                               {.text = false, .ids = {need_token(names, "sep_token")}, .type = 0}};
    }

    /// Refuses a token of a list, a string or an object with its content, that is not one token already.
    void check_known(const std::string& place, const Json& token) const {
        const Json holder{{"token", token}};
        const auto name = special_name(JsonFields(holder, place), "token");
        const auto& special = tokenizer.special_;
        if (name && std::find(special.begin(), special.end(), *name) != special.end()) return;
        throw InputError(fmt::format("{}: {} is not supported, expected special tokens of this file only", place,
                                     excerpt(token.dump())));
    }

    /// Words that only the slow tokenizer keeps whole. Special tokens are whole in any case.
    void check_never_split(const JsonFields& fields) const {
        if (fields.find("never_split") == nullptr) return;
        for (const std::string& word : fields.texts("never_split"))
            check_known(fields.where() + ": never_split", word);
    }

    /// added_tokens.json, {text: id}: its tokens must be known already, because it does not say how they match.
    void check_added_file(const std::string& vocabulary_path) const {
        const std::string path = beside(vocabulary_path, "added_tokens.json");
        if (!has_entry(path)) return;
        const std::string place = escape_controls(path);
        for (const auto& [text, id] : read_entries(parse_json(read_text_file(path, most_bytes), place), place)) {
            if (tokenizer.vocabulary_.find(text) == id) continue;
            throw InputError(
                fmt::format("{}: '{}' with id {} is not supported, expected tokens of vocab.txt and of "
                            "added_tokens_decoder in "
                            "tokenizer_config.json only",
                            place, excerpt(text), id));
        }
    }

    static std::string beside(const std::string& path, const char* name) {
        return (std::filesystem::path(path).parent_path() / name).string();
    }

    std::vector<std::pair<std::string, TokenId>> lines_of(const std::string& text) const {
        std::vector<std::pair<std::string, TokenId>> entries;
        for (std::size_t begin = 0; begin < text.size();) {
            const std::size_t newline = text.find('\n', begin);
            std::size_t end = std::min(newline, text.size());
            const std::size_t next = newline == std::string::npos ? text.size() : newline + 1;
            if (end > begin && text[end - 1] == '\r') --end;
            const std::string place = fmt::format("{}:{}", where, entries.size() + 1);
            if (end == begin || end - begin > longest_token) {
                throw InputError(fmt::format("{}: a line of {} bytes, expected a token of 1 to {}", place,
                                             end - begin, longest_token));
            }
            const std::string token = text.substr(begin, end - begin);
            if (!is_utf8(token)) throw InputError(fmt::format("{}: '{}' is not UTF-8", place, excerpt(token)));
            entries.emplace_back(token, static_cast<TokenId>(entries.size()));
            begin = next;
        }
        return entries;
    }

    static std::string name_of(const SpecialNames& names, const std::string& role) {
        const auto usual = std::find_if(std::begin(usual_names), std::end(usual_names),
                                        [&](const auto& entry) { return entry.first == role; });
        return names.at(role).value_or(usual->second);
    }

    TokenId need_token(const SpecialNames& names, const char* role) const {
        const auto id = tokenizer.vocabulary_.find(name_of(names, role));
        if (id) return *id;
        throw InputError(fmt::format("{}: no token {} ({}), which BERT's tokenizer needs", where,
                                     excerpt(name_of(names, role)), role));
    }
};

std::vector<std::string> Tokenizer::files(const std::string& folder) {
    const auto file = [&](const char* name) { return (std::filesystem::path(folder) / name).string(); };
    std::vector<std::string> files;
    const bool has_json = has_entry(file("tokenizer.json"));
    if (!has_json && !has_entry(file("vocab.txt"))) {
        throw InputError(
            fmt::format("{}: no tokenizer.json and no vocab.txt, expected one of them", escape_controls(folder)));
    }
    files.push_back(file(has_json ? "tokenizer.json" : "vocab.txt"));
    for (const char* name : {"tokenizer_config.json", "special_tokens_map.json"}) {
        if (has_entry(file(name))) files.push_back(file(name));
    }
    if (!has_json && has_entry(file("added_tokens.json"))) files.push_back(file("added_tokens.json"));
    return files;
}

Tokenizer Tokenizer::open(const std::string& folder) {
    const std::vector<std::string> paths = files(folder);
    Reader reader{Tokenizer(), "", {}, {}, {}, {}};
    const std::string settings = paths.size() > 1 && paths[1].ends_with("tokenizer_config.json") ? paths[1] : "";
    if (paths.front().ends_with(".json")) {
        reader.read_json(paths.front(), settings);
    } else {
        reader.read_lines(paths.front(), settings);
    }
    return std::move(reader.tokenizer);
}

}  // namespace attnflow
