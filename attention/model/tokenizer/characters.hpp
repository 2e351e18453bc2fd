#pragma once
/// What a tokenizer asks of Unicode. The only place that uses ICU.
///
/// Text is handled as UTF-32, so that an index is a character.

#include <string>
#include <string_view>

namespace attnflow {

/// Throws InputError, beginning with `what`, for bytes that are not UTF-8.
std::u32string decode_utf8(std::string_view text, const std::string& what);
std::string encode_utf8(std::u32string_view text);

/// The property White_Space.
bool is_white_space(char32_t c);
/// General category P*, or an ASCII character that is neither letter, digit, space nor control.
bool is_punctuation(char32_t c);
/// General category C*: control, format, surrogate, private use, unassigned.
bool is_other(char32_t c);
/// General category Mn.
bool is_nonspacing_mark(char32_t c);
/// The blocks that the original BERT takes for Chinese: ideographs, without kana and hangul.
bool is_ideograph(char32_t c);

/// Canonical decomposition (NFD).
std::u32string decomposed(std::u32string_view text);
/// Full lower-case mapping of each character by itself (so a final sigma becomes σ, as in
/// the reference tokenizers).
std::u32string lower_case(std::u32string_view text);

}  // namespace attnflow
