#include "attention/model/tokenizer/normalizers/bert.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "attention/model/checkpoint/json_fields.hpp"
#include "attention/model/tokenizer/characters.hpp"
#include "graph/support/error.hpp"

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

BertNormalizer BertNormalizer::read(const JsonFields& fields) {
    BertNormalizer normalizer;
    normalizer.clean_text_ = fields.boolean("clean_text", true);
    normalizer.handle_chinese_chars_ = fields.boolean("handle_chinese_chars", true);
    normalizer.lowercase_ = fields.boolean("lowercase", true);
    normalizer.strip_accents_ = fields.boolean("strip_accents", normalizer.lowercase_);
    return normalizer;
}

BertNormalizer BertNormalizer::from_settings(const JsonFields& settings) {
    BertNormalizer normalizer;
    normalizer.lowercase_ = settings.boolean("do_lower_case", true);
    normalizer.handle_chinese_chars_ = settings.boolean("tokenize_chinese_chars", true);
    normalizer.strip_accents_ = settings.boolean("strip_accents", normalizer.lowercase_);
    return normalizer;
}

void BertNormalizer::check_settings(const JsonFields& settings, const std::string& where) const {
    const auto same = [&](const char* key, bool is) {
        if (settings.find(key) == nullptr || settings.boolean(key, is) == is) return;
        throw InputError(
            fmt::format("{}: {} is {}, but the normalizer of {} has {}, expected the same in both: programs "
                        "differ in which they follow",
                        settings.where(), key, !is, where, is));
    };
    same("do_lower_case", lowercase_);
    same("strip_accents", strip_accents_);
    same("tokenize_chinese_chars", handle_chinese_chars_);
}

std::u32string BertNormalizer::normalize(std::u32string_view text) const {
    std::u32string out(text);
    if (clean_text_) out = cleaned(out);
    if (handle_chinese_chars_) out = with_spaced_ideographs(out);
    if (strip_accents_) {
        out = decomposed(out);
        std::erase_if(out, is_nonspacing_mark);
    }
    if (lowercase_) out = lower_case(out);
    return out;
}

}  // namespace attnflow
