#pragma once
/// A word is one token, or unknown.

#include "attention/model/tokenizer/models/token_model.hpp"

namespace attnflow {

class WordLevel final : public TokenModel {
public:
    std::optional<std::vector<TokenId>> find(std::u32string_view word,
                                             const Vocabulary& vocabulary) const override;
};

}  // namespace attnflow
