#pragma once
/// A word is the longest token that it begins with, then the longest that continues it, and
/// so on; unknown as a whole when some rest begins with no token.
///
/// Wu et al. 2016, arXiv:1609.08144, section 4.1; greedy matching as in BERT.

#include <string>

#include "attention/model/tokenizer/models/token_model.hpp"

namespace attnflow {

class WordPiece final : public TokenModel {
public:
    static EntryInfo describe() {
        return {.name = "WordPiece",
                .summary = "the longest token that a word begins with, then the longest that continues it",
                .paper = "Wu et al. 2016, arXiv:1609.08144",
                .complexity = "one search of the longest prefix a token"};
    }

    WordPiece() = default;
    /// Throws InputError for settings that are malformed.
    static WordPiece read(const JsonFields& fields);

    /// One Vocabulary::longest_prefix() a token.
    std::optional<std::vector<TokenId>> find(std::u32string_view word,
                                             const Vocabulary& vocabulary) const override;

private:
    std::string continuation_ = "##";  // what tokens inside a word begin with in the vocabulary
    std::size_t longest_word_ = 100;   // a word of more characters is unknown
};

}  // namespace attnflow
