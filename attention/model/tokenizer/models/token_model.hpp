#pragma once
/// How the tokens of a word are found in a vocabulary: `model` of tokenizer.json.

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "attention/model/tokenizer/component.hpp"
#include "attention/model/tokenizer/vocabulary.hpp"

namespace attnflow {

class TokenModel {
public:
    static constexpr const char* noun = "model of tokens";

    virtual ~TokenModel() = default;
    /// The ids of a word that is not empty, nothing when it is unknown as a whole.
    virtual std::optional<std::vector<TokenId>> find(std::u32string_view word,
                                                     const Vocabulary& vocabulary) const = 0;
};

/// The models of this build; the list is in token_model.cpp.
ComponentRegistry<TokenModel>& token_models();

/// Reads `model` of a tokenizer.json. Throws InputError for a type that is not supported.
std::unique_ptr<const TokenModel> read_token_model(const JsonFields& fields);

}  // namespace attnflow
