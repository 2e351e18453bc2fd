#pragma once
/// A text as a model sees it.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace attnflow {

using TokenId = std::int32_t;

/// The lists are equally long.
struct Encoding {
    std::vector<TokenId> ids;
    std::vector<TokenId> type_ids;    ///< segment, from the template
    std::vector<std::string> tokens;  ///< as in the vocabulary; an unknown word as it was written
    /// Separators ([SEP]) that stand in the texts themselves, besides those that the template puts around them.
    std::size_t separators_inside = 0;
    /// Number of the word that a token is of, from 0, as the pre-tokenizer splits the text and an added token is
    /// one; nothing for tokens of the template. Those of a second text go on from those of the first.
    std::vector<std::optional<std::size_t>> words = {};
};

}  // namespace attnflow
