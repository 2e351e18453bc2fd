#pragma once

#include <cstddef>
#include <limits>

namespace attnflow::engine {

/// Positions that a pair may use in the layers between its ends, the same in each: under a causal mask from the
/// sink's to the source's.
struct CausalRange {
    std::size_t first = 0;
    std::size_t last = std::numeric_limits<std::size_t>::max() - 1;  // so that last + 1 fits
};

}  // namespace attnflow::engine
