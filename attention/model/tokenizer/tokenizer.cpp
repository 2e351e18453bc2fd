#include "attention/model/tokenizer/tokenizer.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "attention/model/tokenizer/characters.hpp"
#include "graph/support/error.hpp"
#include "graph/support/text.hpp"

namespace attnflow {

/// The text in pieces: added tokens, and what lies between them. At each place the longest added token wins.
std::vector<Tokenizer::Piece> Tokenizer::cut_out(const AddedTokens& added, const std::u32string& text) {
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

void Tokenizer::append_word(const std::u32string& word, Encoding& out) const {
    const std::string text = encode_utf8(word);
    std::vector<TokenId> ids;
    if (const auto* pieces = std::get_if<WordPiece>(&model_)) {
        ids = pieces->find(word, vocabulary_).value_or(std::vector<TokenId>{});
    } else if (const auto id = vocabulary_.find(text)) {
        ids.push_back(*id);
    }
    for (const TokenId id : ids) {
        out.ids.push_back(id);
        out.tokens.emplace_back(vocabulary_.text(id));
    }
    if (!ids.empty()) return;
    if (!unknown_) {
        throw InputError(
            fmt::format("'{}' is not in the vocabulary, which has no token for unknown words", excerpt(text)));
    }
    out.ids.push_back(*unknown_);
    out.tokens.push_back(text);
}

void Tokenizer::encode_words(const std::u32string& text, Encoding& out) const {
    const std::u32string normalized = normalizer_ ? normalizer_->normalize(text) : text;
    for (const Piece& piece : cut_out(added_normalized_, normalized)) {
        if (piece.added != nullptr) {
            out.ids.push_back(piece.added->id);
            out.tokens.push_back(piece.added->text);
            continue;
        }
        for (const std::u32string& word : split_words(piece.text, pre_tokenizer_)) append_word(word, out);
    }
}

Encoding Tokenizer::encode(std::string_view text) const {
    Encoding body;
    for (const Piece& piece : cut_out(added_, decode_utf8(text, "text"))) {
        if (piece.added != nullptr) {
            body.ids.push_back(piece.added->id);
            body.tokens.push_back(piece.added->text);
        } else {
            encode_words(piece.text, body);
        }
    }
    Encoding out;
    for (const Slot& slot : template_) {
        const std::vector<TokenId>& ids = slot.text ? body.ids : slot.ids;
        out.ids.insert(out.ids.end(), ids.begin(), ids.end());
        out.type_ids.resize(out.ids.size(), slot.type);
        if (slot.text) {
            out.tokens.insert(out.tokens.end(), body.tokens.begin(), body.tokens.end());
        } else {
            for (const TokenId id : ids) out.tokens.emplace_back(vocabulary_.text(id));
        }
    }
    return out;
}

}  // namespace attnflow
