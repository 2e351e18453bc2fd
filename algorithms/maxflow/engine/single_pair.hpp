#pragma once
/// One pair at a time, with sweeps of its own.
///
/// A pair has three ways: its edge in one layer; a lane sweep (lanes.hpp) where there is a skip connection or a
/// causal mask; else a forward and a backward sweep that meet halfway. What the lower bound leaves open is solved
/// by waves, which start from the sweep.

#include <optional>

#include "algorithms/maxflow/engine/open_pairs.hpp"
#include "algorithms/maxflow/engine/workers.hpp"

namespace attnflow::engine {

/// Pairs of one source layer, one after the other.
template <class T>
class SinglePair {
public:
    /// Flows from layer `top` to layer 0. Keeps references.
    SinglePair(const PackedNetwork<T>& network, Scratch<T>& scratch, std::size_t top)
        : network_(network), scratch_(scratch), top_(top) {}

    std::size_t top() const { return top_; }

    /// O(L n) to O(n^2) for a lane sweep, O(L n^2) for two sweeps; O(L n^2) a wave.
    SettledPair solve(std::size_t source, std::size_t sink);

    /// By two sweeps, whatever the network, top >= 2; afterwards the scratch's pseudoflow has the flow, with
    /// imbalances. O(L n^2), and as much a wave.
    SettledPair solve_by_sweeps(std::size_t source, std::size_t sink);

    /// Source side of the source-minimal minimum cut as (layer, position), ascending. Solves the pair.
    std::vector<std::pair<std::size_t, std::size_t>> source_side(std::size_t source, std::size_t sink);

private:
    struct Ends {
        ClosedCuts<T> cuts;
        Sweeps<T> from_source;
        Sweeps<T> from_sink;
    };
    /// Made when first asked for: under a causal mask nobody does.  O(L n).
    Ends& ends();

    const PackedNetwork<T>& network_;
    Scratch<T>& scratch_;
    std::size_t top_;
    std::optional<Ends> ends_;
};

/// All pairs of a result of layer 1: their edges.  O(pairs).
template <class T>
void settle_by_edges(const PackedNetwork<T>& network, FlowMatrix& result);

/// All pairs of a result of layer 2 or more of a causal network. Each has a window of its own, so there is nothing
/// to share.  O(L n) to O(n^2) a pair before waves.
template <class T>
void settle_causal(const PackedNetwork<T>& network, Workers<T>& workers, FlowMatrix& result);

}  // namespace attnflow::engine
