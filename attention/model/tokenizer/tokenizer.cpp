#include "attention/model/tokenizer/tokenizer.hpp"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "attention/model/checkpoint/json_fields.hpp"
#include "attention/model/tokenizer/characters.hpp"
#include "attention/model/tokenizer/parts.hpp"
#include "attention/model/tokenizer/reader.hpp"
#include "graph/support/error.hpp"
#include "graph/support/text.hpp"

namespace attnflow {
namespace {

struct Piece {
    std::u32string text;
    const AddedToken* added = nullptr;  ///< when the whole piece is one added token
};

/// The text in pieces: added tokens, and what lies between them. At each place the longest added token wins.
std::vector<Piece> cut_out(const AddedTokens& added, const std::u32string& text) {
    std::vector<Piece> pieces;
    std::size_t begin = 0;  // of the text that is in no piece yet
    const auto close = [&](std::size_t end) {
        if (end > begin) pieces.push_back({text.substr(begin, end - begin), nullptr});
    };
    for (std::size_t i = 0; !added.empty() && i < text.size();) {
        const AddedToken* found = added.longest_prefix(std::u32string_view(text).substr(i));
        if (found == nullptr) {
            ++i;
            continue;
        }
        std::size_t first = i;
        std::size_t end = i + found->content.size();
        while (found->strip_left && first > begin && is_white_space(text[first - 1])) --first;
        while (found->strip_right && end < text.size() && is_white_space(text[end])) ++end;
        close(first);
        pieces.push_back({found->content, found});
        begin = i = end;
    }
    close(text.size());
    return pieces;
}

/// One text on its way through the parts.
class Encoder {
public:
    explicit Encoder(const TokenizerParts& parts) : parts_(parts) {}

    /// Without what the template puts around it.
    Encoding body(std::string_view text) {
        for (const Piece& piece : cut_out(parts_.added, decode_utf8(text, "text"))) {
            if (piece.added != nullptr) {
                append(*piece.added);
            } else {
                append_text(piece.text);
            }
        }
        if (parts_.separator) {
            body_.separators_inside =
                static_cast<std::size_t>(std::count(body_.ids.begin(), body_.ids.end(), *parts_.separator));
        }
        return std::move(body_);
    }

private:
    void append(const AddedToken& token) {
        body_.ids.push_back(token.id);
        body_.tokens.push_back(token.text);
        body_.words.emplace_back(words_++);
    }

    void append_text(const std::u32string& text) {
        const std::u32string normalized = parts_.normalizer ? parts_.normalizer->normalize(text) : text;
        for (const Piece& piece : cut_out(parts_.added_normalized, normalized)) {
            if (piece.added != nullptr) {
                append(*piece.added);
            } else if (parts_.pre_tokenizer) {
                for (const std::u32string& word : parts_.pre_tokenizer->split(piece.text)) append_word(word);
            } else {
                append_word(piece.text);
            }
        }
    }

    void append_word(const std::u32string& word) {
        const std::size_t number = words_++;
        if (const auto ids = parts_.model->find(word, parts_.vocabulary)) {
            for (const TokenId id : *ids) {
                body_.ids.push_back(id);
                body_.tokens.emplace_back(parts_.vocabulary.text(id));
                body_.words.emplace_back(number);
            }
            return;
        }
        const std::string text = encode_utf8(word);
        if (!parts_.unknown) {
            throw InputError(
                fmt::format("'{}' is not in the vocabulary, which has no token for unknown words", excerpt(text)));
        }
        body_.ids.push_back(*parts_.unknown);
        body_.tokens.push_back(text);
        body_.words.emplace_back(number);
    }

    const TokenizerParts& parts_;
    std::size_t words_ = 0;
    Encoding body_;
};

}  // namespace

Encoding Tokenizer::encode(std::string_view text) const {
    return parts_->around.apply(Encoder(*parts_).body(text), parts_->vocabulary);
}

Encoding Tokenizer::encode(std::string_view first, std::string_view second) const {
    return parts_->around.apply(Encoder(*parts_).body(first), Encoder(*parts_).body(second), parts_->vocabulary);
}

const Vocabulary& Tokenizer::vocabulary() const { return parts_->vocabulary; }
std::optional<TokenId> Tokenizer::unknown() const { return parts_->unknown; }
std::optional<TokenId> Tokenizer::mask() const { return parts_->mask; }
std::optional<TokenId> Tokenizer::pad() const { return parts_->pad; }
std::optional<TokenId> Tokenizer::separator() const { return parts_->separator; }
const std::vector<std::string>& Tokenizer::special_tokens() const { return parts_->special; }

std::vector<std::string> Tokenizer::wordless_tokens() const {
    std::vector<std::string> tokens = special_tokens();
    for (const auto& word : {mask(), unknown()}) {
        if (word) std::erase(tokens, vocabulary().text(*word));
    }
    return tokens;
}

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
    const std::string& path = paths.front();
    return Tokenizer(std::make_shared<const TokenizerParts>(path.ends_with(".json") ? read_tokenizer_json(path)
                                                                                    : read_vocab_txt(path)));
}

}  // namespace attnflow
