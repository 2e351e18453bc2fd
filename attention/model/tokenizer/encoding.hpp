#pragma once
/// A text as a model sees it.

#include <cstdint>
#include <string>
#include <vector>

namespace attnflow {

using TokenId = std::int32_t;

/// The three lists are equally long.
struct Encoding {
    std::vector<TokenId> ids;
    std::vector<TokenId> type_ids;    ///< segment, from the template
    std::vector<std::string> tokens;  ///< as in the vocabulary; an unknown word as it was written
};

}  // namespace attnflow
