/// vocab.txt, the file of BERT's own tokenizer.

#include <filesystem>

#include <fmt/format.h>

#include "attention/files/json.hpp"
#include "attention/model/tokenizer/component.hpp"
#include "attention/model/tokenizer/models/word_piece.hpp"
#include "attention/model/tokenizer/normalizers/bert.hpp"
#include "attention/model/tokenizer/pre_tokenizers/white_space.hpp"
#include "attention/model/tokenizer/reader.hpp"
#include "graph/support/error.hpp"
#include "graph/support/text.hpp"

namespace attnflow {
namespace {

/// A token a line; the line's number from 0 is its id.
std::vector<std::pair<std::string, TokenId>> entries_of(const std::string& text, const std::string& where) {
    std::vector<std::pair<std::string, TokenId>> entries;
    for (std::size_t begin = 0; begin < text.size();) {
        const std::size_t newline = text.find('\n', begin);
        std::size_t end = std::min(newline, text.size());
        const std::size_t next = newline == std::string::npos ? text.size() : newline + 1;
        if (end > begin && text[end - 1] == '\r') --end;
        const std::string place = fmt::format("{}:{}", where, entries.size() + 1);
        if (end == begin || end - begin > longest_token) {
            throw InputError(fmt::format("{}: a line of {} bytes, expected a token of 1 to {}", place, end - begin,
                                         longest_token));
        }
        const std::string token = text.substr(begin, end - begin);
        if (!is_utf8(token)) throw InputError(fmt::format("{}: '{}' is not UTF-8", place, excerpt(token)));
        entries.emplace_back(token, static_cast<TokenId>(entries.size()));
        begin = next;
    }
    return entries;
}

/// Refuses settings that would need another computation.
void check_settings(const JsonFields& settings) {
    const std::string type = settings.text("tokenizer_class", "BertTokenizer");
    const auto refuse = [&](const char* key, const std::string& value, const char* supported) {
        throw InputError(fmt::format("{}: {} '{}' is not supported, expected {}", settings.where(), key,
                                     excerpt(value), supported));
    };
    if (type != "BertTokenizer" && type != "BertTokenizerFast")
        refuse("tokenizer_class", type, "BertTokenizer or BertTokenizerFast");
    if (!settings.boolean("do_basic_tokenize", true)) {
        throw InputError(settings.where() +
                         ": do_basic_tokenize = false is not supported, expected true: words would be cut at "
                         "white space only (a tokenizer.json with WhitespaceSplit says that)");
    }
    if (const std::string prefix = settings.text("wordpieces_prefix", "##"); prefix != "##")
        refuse("wordpieces_prefix", prefix, "##");
}

/// added_tokens.json, {text: id}: its tokens must be known already, because it does not say how they match.
void check_added_file(const std::string& path, const Vocabulary& vocabulary) {
    if (!has_entry(path)) return;
    const std::string place = escape_controls(path);
    const auto json = parse_json(read_text_file(path, most_tokenizer_bytes), place);
    for (const auto& [text, id] : read_entries(json, place)) {
        if (vocabulary.find(text) == id) continue;
        throw InputError(
            fmt::format("{}: '{}' with id {} is not supported, expected tokens of vocab.txt and of "
                        "added_tokens_decoder in "
                        "tokenizer_config.json only",
                        place, excerpt(text), id));
    }
}

}  // namespace

TokenizerParts read_vocab_txt(const std::string& path) {
    const std::string where = escape_controls(path);
    TokenizerParts parts;
    parts.vocabulary = Vocabulary(entries_of(read_text_file(path, most_tokenizer_bytes), where), where);
    const TokenizerSettings settings(path);
    const JsonFields& fields = settings.fields();
    check_settings(fields);
    settings.refuse_split();
    parts.normalizer = std::make_unique<BertNormalizer>(BertNormalizer::from_settings(fields));
    parts.pre_tokenizer = std::make_unique<BertPreTokenizer>();
    parts.model = std::make_unique<WordPiece>();

    AddedTokensReader added(parts, where);
    added.add_settings(settings, /*named_only=*/false);
    const auto need = [&](const char* role) {
        const auto id = parts.vocabulary.find(settings.name(role));
        if (id) return *id;
        throw InputError(fmt::format("{}: no token {} ({}), which BERT's tokenizer needs", where,
                                     excerpt(settings.name(role)), role));
    };
    parts.unknown = need("unk_token");
    parts.mask = parts.vocabulary.find(settings.name("mask_token"));
    parts.pad = parts.vocabulary.find(settings.name("pad_token"));
    const TokenId begin = need("cls_token");
    const TokenId end = need("sep_token");
    parts.separator = end;
    using Kind = Template::Slot::Kind;
    parts.around = Template({{Kind::special, {begin}, 0}, {Kind::first, {}, 0}, {Kind::special, {end}, 0}},
                            {{Kind::special, {begin}, 0},
                             {Kind::first, {}, 0},
                             {Kind::special, {end}, 0},
                             {Kind::second, {}, 1},
                             {Kind::special, {end}, 1}});
    // Words that only the slow tokenizer keeps whole. Special tokens are whole in any case.
    if (fields.find("never_split") != nullptr) {
        for (const std::string& word : fields.texts("never_split"))
            added.check_special(fields.where() + ": never_split", word);
    }
    check_added_file((std::filesystem::path(path).parent_path() / "added_tokens.json").string(), parts.vocabulary);
    return parts;
}

}  // namespace attnflow
