// The last phase: sink by sink, upper halves that feed the sink's lane, and waves.

#include "algorithms/maxflow/engine/all_pairs.hpp"

namespace attnflow::engine {

/// Finding out what a pair's upper half proves from masses alone, which is cheap: done as long as it is enough for
/// every other source of the sink.
template <class T>
struct AllPairs<T>::CheapWay {
    std::size_t tried = 0;
    std::size_t enough = 0;

    bool pays() const {
        constexpr std::size_t patience = 4;
        return 2 * enough + patience > tried;
    }
};

// Sink by sink: a lower half that takes what it can from the guide and the rest from its lane,
// then for every open source an upper half made for it, and waves where that is not
// enough. What waves change in the lower half serves the sources that follow.
template <class T>
void AllPairs<T>::settle_by_feeding(std::size_t k) {
    const SharedMass shared = shared_mass(k, largest_supply());
    workers_.finish_sinks(result_.counters, [&](std::size_t t, Scratch<T>& scratch) {
        if (!open_.has_sink(t) || settle_by_lanes(t, scratch)) return;
        feed_sink(t, shared, scratch);
    });
}

// In few layers, where sweeps that know one end only have no room to mix, a pair's own lane sweep
// may still reach the bound; in deep ones it rarely does. With many tokens feeding settles
// as many pairs in less time. True when the sink has no open pair left.
template <class T>
bool AllPairs<T>::settle_by_lanes(std::size_t t, Scratch<T>& scratch) {
    constexpr std::size_t few = 3;
    constexpr std::size_t many_tokens = 64;
    if (!network_.has_lanes() || top_ > few || sinks() > many_tokens) return false;
    bool all = true;
    for (std::size_t s = 0; s < sources(); ++s) {
        if (!open_.is_open(s, t)) continue;
        const std::int64_t value = scratch.lanes().run(top_, source(s), t);
        if (value >= open_.bound(s, t).value) {
            open_.settle(value, s, t, SettledBy::lanes);
        } else {
            all = false;
        }
    }
    return all;
}

template <class T>
void AllPairs<T>::feed_sink(std::size_t t, const SharedMass& shared, Scratch<T>& scratch) {
    SinkRows<T>& rows = scratch.rows(shared.layer, top_);
    rows.enter(t);
    make_lower_half(t, shared, std::min(shared.total, open_.largest_bound(t)), scratch);
    Pseudoflow<T>& pseudoflow = scratch.pseudoflow();
    FoundCuts<T> cuts(network_, top_);
    CheapWay cheap;
    for (std::size_t s = 0; s < sources(); ++s) {
        if (!open_.is_open(s, t)) continue;
        Bound bound = open_.bound(s, t);
        const FoundCut<T>* const cut = cuts.lower(source(s), bound);
        open_.bound_by(bound, s, t);
        if (!open_.is_open(s, t) || feed_pair(s, t, cut, rows, cheap, pseudoflow)) continue;
        if (top_ == 2) continue;  // no layer that a cut could be cut anew in
        cuts.add(source(s), result_.values(s, t), shared.layer,
                 [&](std::size_t l, std::size_t x) { return pseudoflow.beyond_cut(l, x); });
    }
}

/// Settles the pair: puts its upper half on the lower half of the sink. False where waves have found a cut below
/// its bound.
template <class T>
bool AllPairs<T>::feed_pair(std::size_t s, std::size_t t, const FoundCut<T>* cut, const SinkRows<T>& rows,
                            CheapWay& cheap, Pseudoflow<T>& pseudoflow) {
    const std::int64_t bound = open_.bound(s, t).value;
    std::int64_t value = -1;
    if (cut == nullptr && cheap.pays()) {
        ++cheap.tried;
        value = pseudoflow.feed(top_, source(s), rows, Detail::masses, nullptr);
        cheap.enough += value >= bound;
    }
    if (value < bound) value = pseudoflow.feed(top_, source(s), rows, Detail::levels, cut);
    const bool enough = value >= bound;
    if (!enough) value = pseudoflow.maximise(bound);
    open_.settle(value, s, t, enough ? SettledBy::meeting : SettledBy::waves);
    return value >= bound;
}

// `wanted` in all, as much of it as possible from the guide's distribution, the rest from the sink's lane.
template <class T>
void AllPairs<T>::make_lower_half(std::size_t t, const SharedMass& shared, std::int64_t wanted,
                                  Scratch<T>& scratch) {
    constexpr std::size_t most_waves = 30;
    const std::size_t k = shared.layer;
    join_lower(t, k, shared.mass, scratch);
    if (k == 1) return;
    Pseudoflow<T>& pseudoflow = scratch.pseudoflow();
    pseudoflow.run(shared.total - wanted, most_waves);
    pseudoflow.return_excess();
    const std::int64_t left = signed_sums(pseudoflow.balance(k), Panel<T>::padded(network_.width(k))).positive;
    const std::int64_t missing = wanted - (shared.total - left);
    if (missing <= 0 || t >= network_.width(k)) return;
    pseudoflow.add_supply(t, static_cast<T>(missing));
    pseudoflow.run(left, most_waves);
    pseudoflow.return_excess();
}

template void AllPairs<std::int32_t>::settle_by_feeding(std::size_t);
template void AllPairs<std::int64_t>::settle_by_feeding(std::size_t);

}  // namespace attnflow::engine
