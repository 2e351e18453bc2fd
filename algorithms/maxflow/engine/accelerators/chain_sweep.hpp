#pragma once
/// Chain sweeps: a lower bound for one pair from two half-flows that know each other.
///
/// With a skip connection every position's *token chain*, (L, x), (L-1, x), ..., carries far more than the mass
/// that passes x. So mass that the source has sent to x and the sink wants from x can simply stay on the chain;
/// only the difference has to be moved, and one layer moves much.
///
/// Mass p starts at layer top-1 with the capacities out of the source, demand q at layer 1 with
/// those into the sink. In turn p is taken one layer down and q one layer up, until they meet. In a
/// step every vertex keeps min(p, q) on its chain. A vertex with more than that, excess, first
/// sends it to vertices that have less, deficits, as far as its row (in an upward step: its
/// column) allows; if what remains is more than the layers to come can be expected to place, it
/// *spreads* it over its row in proportion to the capacities, for others to pass on. The
/// rest stays on the chain, and what finds no room there is lost. Where layers are few, the two
/// positions with most to move, source and sink, come before everything else.
///
/// Every step is a feasible flow in one layer, so with p and q at the meeting layer
/// max flow >= sum_x min(p(x), q(x)), as for any two half-flows (certificates/sweeps.hpp). All of it is
/// integers; the proportions only steer.
///
/// Under a causal mask a pair uses no position outside the *causal range* between sink and source,
/// and mass moves towards earlier positions only. There spreading never moves so much past a
/// position that the deficits behind it could no longer be supplied.
///
/// Cost: O(n) a layer and a row for each excess, that is O(L n) plus a few of the L matrices'
/// rows; whole matrices are not read.

#include "algorithms/maxflow/engine/exact/pseudoflow.hpp"

namespace attnflow::engine {

/// Scratch memory for one pair after the other: O(n). Keeps a reference. For networks of
/// equal widths.
class ChainSweep {
public:
    explicit ChainSweep(const PackedNetwork& network);

    /// A lower bound of the flow from (top, source) to (0, sink), top >= 2. Under a causal mask
    /// source >= sink.
    Amount run(std::size_t top, std::size_t source, std::size_t sink);

    /// The last run, which is repeated, as a pseudoflow.
    void write(Pseudoflow& flow);

private:
    Amount sweep(Pseudoflow* flow);
    void enter(const Amount* from, Amount* to) const;

    enum Vector : std::size_t {
        mass,
        demand,
        next,
        excess,
        deficit,
        used,
        rest_of_own,
        rest_of_other,
        rest_of_chain,
        rest_of_row,
        heavy,
        limit,
        vectors
    };

    const PackedNetwork& network_;
    std::size_t top_ = 0;
    std::size_t source_ = 0;
    std::size_t sink_ = 0;
    CausalRange range_;
    Panel<Amount> vectors_;  // by Vector
};

}  // namespace attnflow::engine
