#include "attention/model/tokenizer/normalizer.hpp"

#include <algorithm>

#include "attention/model/tokenizer/characters.hpp"

namespace attnflow {
namespace {

bool is_blank_control(char32_t c) { return c == U'\t' || c == U'\n' || c == U'\r'; }

std::u32string cleaned(std::u32string_view text) {
    std::u32string out;
    for (const char32_t c : text) {
        if (is_blank_control(c) || is_white_space(c)) {
            out += U' ';
        } else if (c != 0xFFFD && !is_other(c)) {
            out += c;
        }
    }
    return out;
}

std::u32string with_spaced_ideographs(std::u32string_view text) {
    std::u32string out;
    for (const char32_t c : text) {
        if (is_ideograph(c)) {
            out += {U' ', c, U' '};
        } else {
            out += c;
        }
    }
    return out;
}

}  // namespace

std::u32string BertNormalizer::normalize(std::u32string_view text) const {
    std::u32string out(text);
    if (clean_text) out = cleaned(out);
    if (handle_chinese_chars) out = with_spaced_ideographs(out);
    if (strip_accents) {
        out = decomposed(out);
        std::erase_if(out, is_nonspacing_mark);
    }
    if (lowercase) out = lower_case(out);
    return out;
}

}  // namespace attnflow
