#include "attention/model/tokenizer/pre_tokenizer.hpp"

#include "attention/model/tokenizer/characters.hpp"

namespace attnflow {

std::vector<std::u32string> split_words(std::u32string_view text, PreTokenizer how) {
    if (how == PreTokenizer::none)
        return text.empty() ? std::vector<std::u32string>{} : std::vector{std::u32string(text)};
    std::vector<std::u32string> words;
    bool open = false;  // whether the next character continues the last word
    for (const char32_t c : text) {
        if (is_white_space(c)) {
            open = false;
        } else if (how == PreTokenizer::bert && is_punctuation(c)) {
            words.emplace_back(1, c);
            open = false;
        } else {
            if (!open) words.emplace_back();
            words.back() += c;
            open = true;
        }
    }
    return words;
}

}  // namespace attnflow
