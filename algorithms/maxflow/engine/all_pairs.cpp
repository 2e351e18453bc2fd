#include "algorithms/maxflow/engine/all_pairs.hpp"

namespace attnflow::engine {

template <class T>
AllPairs<T>::AllPairs(const PackedNetwork<T>& network, Workers<T>& workers, SinkSweeps<T>& from_sinks,
                      FlowMatrix& result)
    : network_(network),
      workers_(workers),
      from_sinks_(from_sinks),
      result_(result),
      top_(result.layer),
      cuts_(network, top_),
      from_sources_(network, top_, result.sources.size()),
      open_(result) {}

template <class T>
void AllPairs<T>::settle() {
    settle_by_sweeps();
    if (open_.pairs() == 0) return workers_.finish_sinks();
    settle_by_diversion();
    if (open_.worth_halves()) settle_by_lower_halves();
    const std::size_t k = shared_layer();
    if (open_.worth_halves()) settle_by_meeting(k);
    settle_by_feeding(k);
}

// All sweeps first meet at one layer; then those of sinks that have open pairs go on upwards.
template <class T>
void AllPairs<T>::settle_by_sweeps() {
    from_sinks_.reach(workers_, base_layer(), [](std::size_t) { return true; });
    sweep_sources(base_layer());
    compare_at_base();
    if (open_.pairs() == 0) return;
    from_sinks_.reach(workers_, top_ - 1, [&](std::size_t t) { return open_.has_sink(t); });
    compare_above_base();
}

/// The layer at which all sweeps meet. Sources need about four layers to mix; sinks whose
/// lane must be fed high up need more.
template <class T>
std::size_t AllPairs<T>::base_layer() const {
    constexpr std::size_t mixing = 5;
    return std::max((top_ + 1) / 2, top_ - std::min(top_, mixing));
}

template <class T>
void AllPairs<T>::sweep_sources(std::size_t lowest) {
    workers_.for_each(sources(), [&](std::size_t s, Scratch<T>& scratch) {
        sweep_forward(network_, scratch.needs(), top_, source(s), lowest, from_sources_, s,
                      cheapest_detail(network_));
    });
}

/// The meeting certificate of the two sweeps at layer k.
template <class T>
void AllPairs<T>::compare(std::size_t k, std::size_t s, std::size_t t) {
    const T* const mass = from_sources_.mass(k, s);
    open_.offer(min_sum(mass, from_sinks_.demand(k, t), Panel<T>::padded(network_.width(k))), s, t,
                SettledBy::sweeps);
}

// Crossing cuts cost more than all the rest here, so they come last.
template <class T>
void AllPairs<T>::compare_at_base() {
    workers_.for_each(sources(), [&](std::size_t s, Scratch<T>&) {
        for (std::size_t t = 0; t < sinks(); ++t) {
            open_.bound_by(cuts_.lanes(source(s), t), s, t);
            compare(base_layer(), s, t);
            if (!open_.is_open(s, t)) continue;
            open_.bound_by(cuts_.crossings(source(s), t, open_.bound(s, t)), s, t);
        }
    });
    open_.recount();
}

template <class T>
void AllPairs<T>::compare_above_base() {
    workers_.for_each(sources(), [&](std::size_t s, Scratch<T>&) {
        for (std::size_t t = 0; t < sinks(); ++t) {
            for (std::size_t k = base_layer() + 1; k < top_ && open_.is_open(s, t); ++k) compare(k, s, t);
        }
    });
    open_.recount();
}

// For every open source its sweep once more, for each open sink with what can enter its lane diverted there.
template <class T>
void AllPairs<T>::settle_by_diversion() {
    constexpr std::size_t enough = 3;  // pairs, for the flow of a source to be worth making
    // In fewer than four layers the demand of a sink has not mixed.
    if (top_ < 4 || open_.pairs() < enough * open_.source_count()) return;
    for_open_sources(8, [&](std::size_t s, Scratch<T>& scratch) {
        Diversion<T>& diversion = scratch.diversion(top_);
        diversion.enter(source(s));
        for (std::size_t t = 0; t < sinks(); ++t) {
            if (!open_.is_open(s, t)) continue;
            open_.offer(diversion.bound(t, from_sinks_.demand(top_ - 2, t)), s, t, SettledBy::meeting);
        }
    });
    open_.recount();
}

template <class T>
std::int64_t AllPairs<T>::largest_supply() const {
    std::int64_t largest = 0;
    for (std::size_t s = 0; s < sources(); ++s) {
        if (open_.has_source(s)) largest = std::max(largest, supply(s));
    }
    return largest;
}

template <class T>
typename AllPairs<T>::SharedMass AllPairs<T>::shared_mass(std::size_t k, std::int64_t total) const {
    Distribution mass(Panel<T>::padded(network_.width(k)), T(0));
    std::int64_t rest = total;
    for (std::size_t x = 0; x < network_.width(k); ++x) {
        // A little less than all, so that rounding leaves something rather than lacks it.
        mass[x] =
            static_cast<T>(static_cast<Real<T>>(total) * static_cast<Real<T>>(0.99999) * network_.guide(k)[x]);
        rest -= mass[x];
    }
    *std::max_element(mass.begin(), mass.end()) += static_cast<T>(rest);
    return {k, total, std::move(mass)};
}

/// An upper half for row s down to layer k, whose vertices want `wanted`. Its sweep must have all levels. A sweep
/// that is made anew has other masses too, so it goes as far down as the one before: layer by layer they belong
/// together, whatever k is asked for next.
template <class T>
void AllPairs<T>::join_upper(std::size_t s, std::size_t k, const Distribution& wanted, Scratch<T>& scratch) {
    if (!from_sources_.has_levels(s) || k < base_layer()) {
        const std::size_t lowest = std::min(k, base_layer());
        sweep_forward(network_, scratch.needs(), top_, source(s), lowest, from_sources_, s, Detail::levels);
    }
    scratch.pseudoflow().join_upper(top_, source(s), from_sources_, s, k, wanted.data());
}

/// A lower half for sink t from layer k, whose vertices have `supply`.
template <class T>
void AllPairs<T>::join_lower(std::size_t t, std::size_t k, const Distribution& supply, Scratch<T>& scratch) {
    from_sinks_.complete(scratch.needs(), t, k);
    scratch.pseudoflow().join_lower(t, from_sinks_.sweeps(), t, k, supply.data());
}

#define ATTNFLOW_INSTANTIATE(T)                                                                        \
    template AllPairs<T>::AllPairs(const PackedNetwork<T>&, Workers<T>&, SinkSweeps<T>&, FlowMatrix&); \
    template void AllPairs<T>::settle();                                                               \
    template std::size_t AllPairs<T>::base_layer() const;                                              \
    template std::int64_t AllPairs<T>::largest_supply() const;                                         \
    template AllPairs<T>::SharedMass AllPairs<T>::shared_mass(std::size_t, std::int64_t) const;        \
    template void AllPairs<T>::join_upper(std::size_t, std::size_t, const Distribution&, Scratch<T>&); \
    template void AllPairs<T>::join_lower(std::size_t, std::size_t, const Distribution&, Scratch<T>&);
ATTNFLOW_INSTANTIATE(std::int32_t)
ATTNFLOW_INSTANTIATE(std::int64_t)
#undef ATTNFLOW_INSTANTIATE

}  // namespace attnflow::engine
