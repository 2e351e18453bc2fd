#pragma once
/// A word is one token, or unknown.

#include "attention/model/tokenizer/models/token_model.hpp"

namespace attnflow {

class WordLevel final : public TokenModel {
public:
    static EntryInfo describe() {
        return {.name = "WordLevel", .summary = "a word is one token, or unknown", .complexity = "O(|word|)"};
    }
    static WordLevel read(const JsonFields&) { return {}; }

    std::optional<std::vector<TokenId>> find(std::u32string_view word,
                                             const Vocabulary& vocabulary) const override;
};

}  // namespace attnflow
