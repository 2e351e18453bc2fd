#pragma once
/// Upper bounds under a causal mask: the closed-form cuts of graph/binding_cut.hpp, in its order, with sums over
/// the causal range between sink and source only. What lies outside is on no path from the source to the sink, so
/// that its edges need not be cut.

#include "algorithms/maxflow/engine/certificates/closed_cuts.hpp"

namespace attnflow::engine {

/// The first smallest one for a flow from (top, source) to (0, sink), top >= 2, source >= sink,
/// in a causal network.  O(L n), less where partial sums already exceed the bound.
Bound causal_cuts(const PackedNetwork& network, std::size_t top, std::size_t source, std::size_t sink);

}  // namespace attnflow::engine
