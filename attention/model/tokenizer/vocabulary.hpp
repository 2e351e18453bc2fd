#pragma once
/// The tokens that a model knows, and the two ways to find those of a word.

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "attention/model/tokenizer/encoding.hpp"

namespace attnflow {

/// Texts and their ids, each unique.
class Vocabulary {
public:
    /// Throws InputError, beginning with `where`, for a negative id, or a text or id that is
    /// given twice.  O(V log V).
    Vocabulary(std::vector<std::pair<std::string, TokenId>> entries, const std::string& where);

    std::size_t size() const { return by_text_.size(); }
    /// By text.
    const std::vector<std::pair<std::string, TokenId>>& entries() const { return by_text_; }
    TokenId largest_id() const { return by_id_.empty() ? -1 : by_id_.back().first; }
    std::optional<TokenId> find(std::string_view text) const;
    struct Prefix {
        std::size_t bytes;
        TokenId id;
    };
    /// The longest text that `text` begins with.  O(|text| log V) at worst, few searches in practice.
    std::optional<Prefix> longest_prefix(std::string_view text) const;
    /// "" for an id that is not there.
    std::string_view text(TokenId id) const;
    /// Bytes of the longest text.
    std::size_t longest() const { return longest_; }

private:
    // Sorted, not hashed: equal hashes can be arranged by whoever wrote the file.
    std::vector<std::pair<std::string, TokenId>> by_text_;
    std::vector<std::pair<TokenId, std::size_t>> by_id_;
    std::size_t longest_ = 0;
};

/// A word is one token, or unknown.
struct WordLevel {
    std::optional<TokenId> find(std::string_view word, const Vocabulary& vocabulary) const {
        return vocabulary.find(word);
    }
};

/// A word is the longest token that it begins with, then the longest that continues it, and
/// so on; unknown as a whole when some rest begins with no token.
///
/// Wu et al. 2016, arXiv:1609.08144, section 4.1; greedy matching as in BERT.
struct WordPiece {
    std::string continuation = "##";  ///< what tokens inside a word begin with in the vocabulary
    std::size_t longest_word = 100;   ///< a word of more characters is unknown

    /// The ids, nothing when the word is unknown.  One longest_prefix() a token.
    std::optional<std::vector<TokenId>> find(std::u32string_view word, const Vocabulary& vocabulary) const;
};

}  // namespace attnflow
