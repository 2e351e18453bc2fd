#include "attention/model/tokenizer/pre_tokenizers/white_space.hpp"

#include "attention/model/tokenizer/characters.hpp"

namespace attnflow {
namespace {

std::vector<std::u32string> split_at_white_space(std::u32string_view text, bool at_punctuation) {
    std::vector<std::u32string> words;
    bool open = false;  // whether the next character continues the last word
    for (const char32_t c : text) {
        if (is_white_space(c)) {
            open = false;
        } else if (at_punctuation && is_punctuation(c)) {
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

}  // namespace

std::vector<std::u32string> WhitespaceSplit::split(std::u32string_view text) const {
    return split_at_white_space(text, false);
}

std::vector<std::u32string> BertPreTokenizer::split(std::u32string_view text) const {
    return split_at_white_space(text, true);
}

}  // namespace attnflow
