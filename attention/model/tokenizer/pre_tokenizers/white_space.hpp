#pragma once
/// Pre-tokenizers that cut at white space, which is dropped.

#include "attention/model/tokenizer/pre_tokenizers/pre_tokenizer.hpp"

namespace attnflow {

class WhitespaceSplit final : public PreTokenizer {
public:
    static EntryInfo describe() {
        return {.name = "WhitespaceSplit", .summary = "words between white space", .complexity = "O(|text|)"};
    }
    static WhitespaceSplit read(const JsonFields&) { return {}; }

    /// O(|text|).
    std::vector<std::u32string> split(std::u32string_view text) const override;
};

/// Every punctuation character is a word of its own, too.
class BertPreTokenizer final : public PreTokenizer {
public:
    static EntryInfo describe() {
        return {.name = "BertPreTokenizer",
                .summary = "words between white space, every punctuation character one of its own",
                .paper = "Devlin et al. 2019, arXiv:1810.04805",
                .complexity = "O(|text|)"};
    }
    static BertPreTokenizer read(const JsonFields&) { return {}; }

    /// O(|text|).
    std::vector<std::u32string> split(std::u32string_view text) const override;
};

}  // namespace attnflow
