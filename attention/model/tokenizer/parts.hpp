#pragma once
/// What a tokenizer is made of. Readers fill it (tokenizer_json.cpp, vocab_txt.cpp), Tokenizer runs it.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "attention/model/tokenizer/added_tokens.hpp"
#include "attention/model/tokenizer/models/token_model.hpp"
#include "attention/model/tokenizer/normalizers/normalizer.hpp"
#include "attention/model/tokenizer/post_processors/template.hpp"
#include "attention/model/tokenizer/pre_tokenizers/pre_tokenizer.hpp"
#include "attention/model/tokenizer/vocabulary.hpp"

namespace attnflow {

struct TokenizerParts {
    AddedTokens added = {};                                  ///< looked for in the text as it is
    std::unique_ptr<const Normalizer> normalizer = nullptr;  ///< null for none
    AddedTokens added_normalized = {};  ///< looked for in what the normalizer leaves of the rest
    std::unique_ptr<const PreTokenizer> pre_tokenizer = nullptr;  ///< null: a text is one word
    std::unique_ptr<const TokenModel> model = nullptr;
    Vocabulary vocabulary{{}, ""};
    Template around = Template::bare();

    std::optional<TokenId> unknown = {};
    std::optional<TokenId> mask = {};
    std::optional<TokenId> pad = {};
    std::optional<TokenId> separator = {};
    std::vector<std::string> special = {};  ///< tokens that stand for no text
};

}  // namespace attnflow
