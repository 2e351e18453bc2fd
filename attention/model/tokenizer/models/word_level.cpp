#include "attention/model/tokenizer/models/word_level.hpp"

#include "attention/model/tokenizer/characters.hpp"

namespace attnflow {

std::optional<std::vector<TokenId>> WordLevel::find(std::u32string_view word, const Vocabulary& vocabulary) const {
    const auto id = vocabulary.find(encode_utf8(word));
    return id ? std::optional(std::vector{*id}) : std::nullopt;
}

}  // namespace attnflow
