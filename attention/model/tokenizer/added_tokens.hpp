#pragma once
/// Texts that are always one token, found before the vocabulary is asked.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "attention/model/tokenizer/vocabulary.hpp"

namespace attnflow {

struct AddedToken {
    std::u32string content;  ///< what is looked for, not empty
    std::string text;        ///< as in the vocabulary
    TokenId id = 0;
    bool strip_left = false;   ///< takes the white space before it
    bool strip_right = false;  ///< and after it
};

/// Added tokens, sorted, so that thousands of them cost no more than a few comparisons a character.
class AddedTokens {
public:
    AddedTokens() = default;
    /// Of tokens with equal contents the first counts.  O(k log k) comparisons for k tokens.
    explicit AddedTokens(std::vector<AddedToken> tokens);

    bool empty() const { return tokens_.empty(); }
    /// The longest token that `text` begins with, null for none.  O(log k) comparisons.
    const AddedToken* longest_prefix(std::u32string_view text) const;

private:
    static constexpr std::size_t none = static_cast<std::size_t>(-1);

    std::vector<AddedToken> tokens_;   ///< by content
    std::vector<std::size_t> inside_;  ///< of each token the longest other one that it begins with, or none
    std::size_t longest_ = 0;          ///< characters of the longest
};

}  // namespace attnflow
