#pragma once
/// The minimum cut that waves end with.

#include <utility>
#include <vector>

#include "algorithms/maxflow/engine/exact/pseudoflow.hpp"

namespace attnflow::engine {

/// Source side of the source-minimal minimum cut as (layer, position), ascending: what the source, and all excess,
/// can still reach. For a whole pseudoflow of which no excess can reach a deficit (Waves::maximise() without
/// bound). O(L n^2).
std::vector<std::pair<std::size_t, std::size_t>> source_side(Pseudoflow& flow);

}  // namespace attnflow::engine
