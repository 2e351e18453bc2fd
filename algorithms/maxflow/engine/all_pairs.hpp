#pragma once
/// All pairs of a source layer, in a network without causal mask: phases from cheap to expensive, each for the
/// pairs that those before it have left open.
///
/// docs/engine.md tells of each phase what it does and why its bounds hold. Where pairs share work, results do
/// not depend on who did it: every phase reads what earlier phases left and writes to pairs of its own.

#include "algorithms/maxflow/engine/open_pairs.hpp"
#include "algorithms/maxflow/engine/sink_sweeps.hpp"
#include "algorithms/maxflow/engine/workers.hpp"

namespace attnflow::engine {

template <class T>
class AllPairs {
public:
    /// Of the sources of `result`, in layer 2 or above, to all sinks. Keeps references.  O(L n^2).
    AllPairs(const PackedNetwork<T>& network, Workers<T>& workers, SinkSweeps<T>& from_sinks, FlowMatrix& result);

    /// Settles every pair and counts waves.  O(L n^3) for the sweeps of n sources and n sinks, at most O(L n) a
    /// pair for its bounds; feeding O(n^2) a pair left open, O(L n^2) a wave.
    void settle();

private:
    using Distribution = std::vector<T, AlignedAllocator<T>>;

    /// Mass on a layer for half-flows of all ends to share: the guide in integers.
    struct SharedMass {
        std::size_t layer;
        std::int64_t total;
        Distribution mass;  // padded
    };

    // Phases, in order.  all_pairs.cpp
    void settle_by_sweeps();
    void settle_by_diversion();
    // meeting.cpp
    void settle_by_lower_halves();
    std::size_t shared_layer();
    void settle_by_meeting(std::size_t k);
    // sink_feeding.cpp
    void settle_by_feeding(std::size_t k);

    // Parts of settle_by_sweeps()
    std::size_t base_layer() const;
    void sweep_sources(std::size_t lowest);
    void compare(std::size_t k, std::size_t s, std::size_t t);
    void compare_at_base();
    void compare_above_base();

    // Parts of the halves and of meeting
    void settle_by_lower_half(std::size_t k, std::size_t t, Scratch<T>& scratch);
    Distribution accepted_by(std::size_t t, std::size_t k, const Distribution& offered, std::int64_t allowed,
                             std::size_t most_waves, Scratch<T>& scratch);
    Panel<T> accepted_by_sinks(const SharedMass& shared);
    Distribution delivered_by(std::size_t s, const SharedMass& shared, std::int64_t allowed, Scratch<T>& scratch);

    // Parts of feeding
    struct CheapWay;
    bool settle_by_lanes(std::size_t t, Scratch<T>& scratch);
    void feed_sink(std::size_t t, const SharedMass& shared, Scratch<T>& scratch);
    bool feed_pair(std::size_t s, std::size_t t, const FoundCut<T>* cut, const SinkRows<T>& rows, CheapWay& cheap,
                   Pseudoflow<T>& pseudoflow);
    void make_lower_half(std::size_t t, const SharedMass& shared, std::int64_t wanted, Scratch<T>& scratch);

    // What phases share
    void join_upper(std::size_t s, std::size_t k, const Distribution& wanted, Scratch<T>& scratch);
    void join_lower(std::size_t t, std::size_t k, const Distribution& supply, Scratch<T>& scratch);
    std::int64_t largest_supply() const;
    SharedMass shared_mass(std::size_t k, std::int64_t total) const;
    template <class Settle>
    void for_open_sources(std::size_t least, const Settle& settle);

    std::size_t sources() const { return result_.sources.size(); }
    std::size_t sinks() const { return network_.width(0); }
    std::size_t source(std::size_t s) const { return result_.sources[s]; }
    std::int64_t supply(std::size_t s) const { return network_.row_sum(top_, source(s)); }

    const PackedNetwork<T>& network_;
    Workers<T>& workers_;
    SinkSweeps<T>& from_sinks_;
    FlowMatrix& result_;
    std::size_t top_;
    ClosedCuts<T> cuts_;
    Sweeps<T> from_sources_;  // by row of the result
    OpenPairs open_;
};

/// Calls settle(s, scratch) for the sources with open pairs; only for the first few where that settles less than
/// one in `least` of their pairs.
template <class T>
template <class Settle>
void AllPairs<T>::for_open_sources(std::size_t least, const Settle& settle) {
    std::vector<std::size_t> open_sources;
    for (std::size_t s = 0; s < sources(); ++s) {
        if (open_.has_source(s)) open_sources.push_back(s);
    }
    const std::span<const std::size_t> all(open_sources);
    const auto first = all.first(std::min<std::size_t>(8, all.size()));
    const auto rest = all.subspan(first.size());
    const auto settle_each = [&](std::span<const std::size_t> some) {
        workers_.for_each(some.size(), result_.counters,
                          [&](std::size_t i, Scratch<T>& scratch) { settle(some[i], scratch); });
    };
    const std::size_t before = open_.pairs_of(first);
    settle_each(first);
    if (least * (before - open_.pairs_of(first)) >= before) settle_each(rest);
}

}  // namespace attnflow::engine
