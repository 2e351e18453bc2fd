#pragma once

#include <cmath>

#include "graph/support/random.hpp"

namespace attnflow::testing {

/// A number >= 0 of mean 1, exponentially distributed: uneven, as attention weights are.
inline double exponential(Random& random) { return -std::log(1.0 - random.uniform()); }

}  // namespace attnflow::testing
