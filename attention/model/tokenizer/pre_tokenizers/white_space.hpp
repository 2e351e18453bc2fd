#pragma once
/// Pre-tokenizers that cut at white space, which is dropped.

#include "attention/model/tokenizer/pre_tokenizers/pre_tokenizer.hpp"

namespace attnflow {

class WhitespaceSplit final : public PreTokenizer {
public:
    /// O(|text|).
    std::vector<std::u32string> split(std::u32string_view text) const override;
};

/// Every punctuation character is a word of its own, too.
class BertPreTokenizer final : public PreTokenizer {
public:
    /// O(|text|).
    std::vector<std::u32string> split(std::u32string_view text) const override;
};

}  // namespace attnflow
