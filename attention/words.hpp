#pragma once
/// Words of tokens that are pieces of words: which positions of a text make a word, and how what is known of
/// positions becomes what is known of words.
///
/// Attention *to* a word is the sum over its tokens, attention *from* a word the mean over them, so that rows that
/// sum to 1 still do: Clark, Khandelwal, Levy & Manning 2019, "What Does BERT Look At?", BlackboxNLP, section 4.1,
/// arXiv:1906.04341. Instead of the mean, `max` takes the largest of the sums and divides the row by its sum
/// again, the other choice of their published program. A score of each token (a reference) becomes the sum over a
/// word's tokens.
///
/// Which tokens make a word is read off the tokens: what a tokenizer puts before, or after, those that continue or
/// begin one (`##ing`, `Ġword`, `▁word`, ` word`, `ing</w>`, `play@@`); or given, as the `word_ids()` of a
/// tokenizer. Special tokens, mask tokens and what stands in `<|...|>` are words of their own.

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "graph/support/diagnosis.hpp"

namespace attnflow {

/// The words of one text: runs of its positions, the first from position 0 on.
class Words {
public:
    /// `first`: the first position of each word, ascending from 0 and below `tokens`. Throws InputError for
    /// others.
    Words(std::vector<std::size_t> first, std::size_t tokens);

    std::size_t size() const { return first_.size(); }
    std::size_t tokens() const { return tokens_; }
    std::size_t begin(std::size_t word) const { return first_[word]; }
    std::size_t end(std::size_t word) const { return word + 1 < first_.size() ? first_[word + 1] : tokens_; }
    /// Of each word, ascending.
    const std::vector<std::size_t>& first() const { return first_; }
    /// Tokens of the longest word.
    std::size_t longest() const;

    /// The word that holds a position.  O(log words).
    std::size_t at(std::size_t position) const;
    /// The words that hold some of `positions`, which ascend.
    std::vector<std::size_t> holding(const std::vector<std::size_t>& positions) const;
    /// Sums over the tokens of each word; one value a token.
    std::vector<double> sums(std::span<const double> values) const;
    /// The words as they are written: what marks the pieces is taken away, byte-level characters are put back.
    std::vector<std::string> texts(const std::vector<std::string>& tokens) const;

    bool operator==(const Words&) const = default;

private:
    std::vector<std::size_t> first_;
    std::size_t tokens_;
};

/// How rows of a word's tokens become one row.
enum class JoinRows { mean, max };

/// Rows of `columns` values, joined: `out` gets the mean, or the largest of each column.
void join_rows(std::span<const double> rows, std::size_t columns, JoinRows how, std::span<double> out);

/// How positions are joined to words.
struct WordJoin {
    Words words;
    JoinRows rows = JoinRows::mean;
};

/// The number of the word that each token is of, nothing for one that is of none: `word_ids()` of a tokenizer.
/// Neighbours with equal numbers are one word.
using WordIds = std::vector<std::optional<std::size_t>>;

/// Tells the words of the texts of one dataset.
class WordFinder {
public:
    /// A text: its tokens, and the words that they are of where that is known.
    struct Text {
        const std::vector<std::string>* tokens;
        const WordIds* ids;  ///< nullptr where it is not known
    };
    /// From all texts together, because one whose words are all whole shows no sign. `special`: tokens that are
    /// words of their own. Throws InputError, beginning with `where`, when ids are missing and the tokens do not
    /// tell.
    WordFinder(std::span<const Text> texts, std::vector<std::string> special, const std::string& where);

    Words find(const Text& text) const;
    /// What tells the words, in words: "## (WordPiece)"; "" when ids do everywhere.
    const std::string& sign() const { return sign_name_; }

private:
    bool is_alone(const std::string& token) const;

    std::vector<std::string> special_;
    std::optional<std::size_t> sign_;  ///< of those in words.cpp
    std::string sign_name_;
};

/// Refusals of texts whose words cannot be told.
std::string words_need_tokens(const std::string& where);
std::string words_are_tokens(const std::string& where);
Diagnoses word_diagnoses();

}  // namespace attnflow
