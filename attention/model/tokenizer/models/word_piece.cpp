#include "attention/model/tokenizer/models/word_piece.hpp"

#include "attention/model/checkpoint/json_fields.hpp"
#include "attention/model/tokenizer/characters.hpp"
#include "attention/model/tokenizer/component.hpp"

namespace attnflow {

WordPiece WordPiece::read(const JsonFields& fields) {
    WordPiece model;
    model.continuation_ = fields.text("continuing_subword_prefix", model.continuation_);
    if (fields.find("max_input_chars_per_word") != nullptr) {
        model.longest_word_ =
            static_cast<std::size_t>(fields.integer("max_input_chars_per_word", 1, longest_token));
    }
    return model;
}

std::optional<std::vector<TokenId>> WordPiece::find(std::u32string_view word, const Vocabulary& vocabulary) const {
    if (word.size() > longest_word_) return std::nullopt;
    const std::string text = encode_utf8(word);
    std::vector<TokenId> ids;
    for (std::size_t begin = 0; begin < text.size();) {
        const std::string prefix = begin == 0 ? "" : continuation_;
        const auto found = vocabulary.longest_prefix(prefix + text.substr(begin, vocabulary.longest()));
        // Texts are UTF-8, so a match ends between two characters.
        if (!found || found->bytes <= prefix.size()) return std::nullopt;
        ids.push_back(found->id);
        begin += found->bytes - prefix.size();
    }
    return ids;
}

}  // namespace attnflow
