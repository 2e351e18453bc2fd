#pragma once
/// Cuts normalised text into words, the units that a vocabulary is asked for.

#include <string>
#include <string_view>
#include <vector>

namespace attnflow {

enum class PreTokenizer {
    none,              ///< the whole text is one word
    whitespace_split,  ///< at white space, which is dropped
    bert,              ///< at white space, and every punctuation character is a word of its own
};

/// The words of `text`, none of them empty.  O(|text|).
std::vector<std::u32string> split_words(std::u32string_view text, PreTokenizer how);

}  // namespace attnflow
