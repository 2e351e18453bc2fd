#pragma once
/// One pair at a time, with sweeps of its own.
///
/// A pair has three ways: its edge in one layer; a chain sweep (accelerators/chain_sweep.hpp) where there is a
/// skip connection or a causal mask; else a downward and an upward sweep that meet halfway. What the lower bound
/// leaves open is solved by waves, which start from the sweep.

#include <optional>

#include "algorithms/maxflow/engine/accelerators/phases.hpp"
#include "algorithms/maxflow/engine/certificates/open_pairs.hpp"
#include "algorithms/maxflow/engine/workers.hpp"

namespace attnflow::engine {

/// A pair's maximum flow and the source side of its source-minimal minimum cut as (layer, position), ascending.
struct SourceSide {
    Amount value = 0;
    std::vector<std::pair<std::size_t, std::size_t>> vertices = {};
};

/// Pairs of one source layer, one after the other.
class SinglePair {
public:
    /// Flows from layer `top` to layer 0. Keeps references.
    SinglePair(const PackedNetwork& network, Scratch& scratch, std::size_t top, const Switches& switches)
        : network_(network), scratch_(scratch), top_(top), by_chains_(switches.on(phases::token_chains)) {}

    std::size_t top() const { return top_; }

    /// O(L n) to O(n^2) for a chain sweep, O(L n^2) for two sweeps; O(L n^2) a wave.
    SettledPair solve(std::size_t source, std::size_t sink);

    /// By two sweeps, whatever the network, top >= 2; afterwards the scratch's pseudoflow has the flow, with
    /// imbalances. O(L n^2), and as much a wave.
    SettledPair solve_by_sweeps(std::size_t source, std::size_t sink);

    /// Solves the pair.  O(L n^2), and as much a wave.
    SourceSide source_side(std::size_t source, std::size_t sink);

private:
    const ClosedCuts& cuts();
    Bound closed_cut(std::size_t source, std::size_t sink, Amount value);
    SettledPair solve_by_chains(std::size_t source, std::size_t sink);

    const PackedNetwork& network_;
    Scratch& scratch_;
    std::size_t top_;
    bool by_chains_;
    // Made when first asked for: under a causal mask nobody does.
    std::optional<ClosedCuts> cuts_;
    std::optional<Sweeps> from_source_;
    std::optional<Sweeps> from_sink_;
};

/// All pairs of a result of layer 1: their edges.  O(pairs).
void settle_by_edges(const PackedNetwork& network, FlowMatrix& result);

/// All pairs of a result of layer 2 or more of a causal network. Each has a range of its own, so there is nothing
/// to share.  O(L n) to O(n^2) a pair before waves.
void settle_causal(const PackedNetwork& network, Workers& workers, const Switches& switches, FlowMatrix& result);

}  // namespace attnflow::engine
