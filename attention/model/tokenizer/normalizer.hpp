#pragma once
/// BERT's text normalisation, the first step of its tokenizers.
///
/// In this order, each step a setting: control characters are dropped and every white space
/// becomes a blank; ideographs get blanks around them, so that each is a word; accents are
/// stripped (NFD without non-spacing marks); letters are lower-cased.
///
/// Devlin et al. 2019, arXiv:1810.04805; the component `BertNormalizer` of tokenizer.json.

#include <string>
#include <string_view>

namespace attnflow {

struct BertNormalizer {
    bool clean_text = true;
    bool handle_chinese_chars = true;
    bool strip_accents = true;
    bool lowercase = true;

    /// O(|text|).
    std::u32string normalize(std::u32string_view text) const;
};

}  // namespace attnflow
