#pragma once
/// All pairs of a source layer, in a network without causal mask: bounds, then phases from cheap to expensive
/// (accelerators/phases.hpp), each for the pairs that those before it have left open, then waves.
///
/// docs/engine.md tells of each phase what it does and why its bounds hold. Where pairs share work, results do
/// not depend on who did it: every phase reads what earlier phases left and writes to pairs of its own.

#include "algorithms/maxflow/engine/accelerators/phases.hpp"
#include "algorithms/maxflow/engine/certificates/open_pairs.hpp"
#include "algorithms/maxflow/engine/workers.hpp"

namespace attnflow::engine {

/// Mass on a layer for half-flows of all ends to share: the guide in integers, `total` in all.
struct SharedMass {
    std::size_t layer = 0;
    Amount total = 0;
    Row<Amount> mass = {};  // padded
};

/// What phases share. Rows s of the result are sources, columns t sinks.
struct AllPairs {
    /// Of the sources of `result`, in layer 2 or above, to all sinks. `from_sinks` are sweeps of all sinks,
    /// whatever the source layer. Keeps references.  O(L n^2).
    AllPairs(const PackedNetwork& network, Workers& workers, const Switches& switches, Sweeps& from_sinks,
             FlowMatrix& result);

    /// Settles every pair and counts waves.  O(L n^3) for the sweeps of n sources and n sinks, at most O(L n) a
    /// pair for its bounds; feeding O(n^2) a pair left open, O(L n^2) a wave.
    void settle();

    std::size_t sources() const { return result.sources.size(); }
    std::size_t sinks() const { return network.width(0); }
    std::size_t source(std::size_t s) const { return result.sources[s]; }
    Amount supply(std::size_t s) const { return network.row_sum(top, source(s)); }
    /// Of the sources with open pairs.
    Amount largest_supply() const;

    /// The layer at which all sweeps meet first. Sources need about four layers to mix; sinks whose
    /// chain must be fed high up need more.
    std::size_t base_layer() const;

    /// What sweeps are made for where multipliers are not asked for.
    Detail cheapest_detail() const {
        return switches.on(phases::unconstrained) && network.guide().mostly_slack() ? Detail::masses
                                                                                    : Detail::multipliers;
    }
    /// The sweeps of sources, or of sinks, that have open pairs reach layer l, in parallel.
    void reach_from_sources(std::size_t l);
    void reach_from_sinks(std::size_t l);

    /// Calls settle(s, scratch) for the sources with open pairs, in parallel, and counts anew; only for the first
    /// few where that settles less than `one_in` of their pairs.
    template <class Settle>
    void for_open_sources(std::size_t one_in, const Settle& settle);

    const PackedNetwork& network;
    Workers& workers;
    const Switches& switches;
    Sweeps& from_sinks;
    FlowMatrix& result;
    std::size_t top;
    ClosedCuts cuts;
    Sweeps from_sources;  // by row of the result
    OpenPairs open;
    std::size_t shared_layer = 0;  // where halves meet (halves.hpp), 0 before anybody has asked
    SharedMass fed_from = {};      // at the layer where lower halves begin that are fed

private:
    void bound_by_end_cuts();
    void bound_by_crossings();
    void settle_sink(std::size_t t, Scratch& scratch);
};

template <class Settle>
void AllPairs::for_open_sources(std::size_t one_in, const Settle& settle) {
    std::vector<std::size_t> open_sources;
    for (std::size_t s = 0; s < sources(); ++s) {
        if (open.has_source(s)) open_sources.push_back(s);
    }
    const std::span<const std::size_t> all(open_sources);
    const auto first = all.first(std::min<std::size_t>(8, all.size()));
    const auto rest = all.subspan(first.size());
    const auto settle_each = [&](std::span<const std::size_t> some) {
        workers.for_each(some.size(), result.counters,
                         [&](std::size_t i, Scratch& scratch) { settle(some[i], scratch); });
    };
    const std::size_t before = open.pairs_of(first);
    settle_each(first);
    if (one_in * (before - open.pairs_of(first)) >= before) settle_each(rest);
    open.recount();
}

}  // namespace attnflow::engine
