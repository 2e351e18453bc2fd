#pragma once
/// What a model is run on.

#include <cstddef>
#include <vector>

#include "attention/model/tokenizer/encoding.hpp"

namespace attnflow {

/// `count` inputs of `length` tokens each, one after the other. Equal lengths need no padding, so no token has to
/// be hidden from the others.
struct TokenBatch {
    std::size_t count = 0;
    std::size_t length = 0;
    std::vector<TokenId> ids;       ///< count × length
    std::vector<TokenId> type_ids;  ///< count × length

    static TokenBatch of(const Encoding& encoding) {
        return {1, encoding.ids.size(), encoding.ids, encoding.type_ids};
    }
    std::size_t tokens() const { return count * length; }  ///< T
};

}  // namespace attnflow
