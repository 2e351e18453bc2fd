// Half-flows that meet in a middle layer: waves make the lower halves of sinks, and the upper halves of sources,
// fit what the other side has.

#include <functional>
#include <numeric>

#include "algorithms/maxflow/engine/all_pairs.hpp"

namespace attnflow::engine {

namespace {

/// Half-flows serve as certificates: worth a few waves, not more.
constexpr std::size_t most_half_waves = 6;
/// A lower half made for all sources of a sink: worth more.
constexpr std::size_t most_lower_waves = 30;

}  // namespace

// For every open sink a lower half that takes what the sweeps of all its open sources bring to the layer
// where they meet.
template <class T>
void AllPairs<T>::settle_by_lower_halves() {
    constexpr std::size_t mixing = 3;  // layers, for sources to bring about the same
    const std::size_t k = base_layer();
    if (top_ < k + mixing) return;
    workers_.for_each(sinks(), result_.counters, [&](std::size_t t, Scratch<T>& scratch) {
        if (open_.has_sink(t)) settle_by_lower_half(k, t, scratch);
    });
    open_.recount();
}

// Where the flow is all that the sources have, the lower half takes the most that any of them brings to
// each vertex, else the least.
template <class T>
void AllPairs<T>::settle_by_lower_half(std::size_t k, std::size_t t, Scratch<T>& scratch) {
    Distribution most(Panel<T>::padded(network_.width(k)), T(0));
    Distribution least(most.size(), std::numeric_limits<T>::max());
    std::int64_t largest = 0;
    for (std::size_t s = 0; s < sources(); ++s) {
        if (!open_.is_open(s, t)) continue;
        const T* const mass = from_sources_.mass(k, s);
        for (std::size_t x = 0; x < most.size(); ++x) {
            most[x] = std::max(most[x], mass[x]);
            least[x] = std::min(least[x], mass[x]);
        }
        largest = std::max(largest, supply(s));
    }
    const std::int64_t wanted = open_.largest_bound(t);
    const bool all = wanted == largest;
    const Distribution& offered = all ? most : least;
    const std::int64_t total = std::accumulate(offered.begin(), offered.end(), std::int64_t{0});
    // No vertex can come to hold more than all that is offered: balances must hold that.
    if (total > std::numeric_limits<T>::max()) return;
    const std::int64_t allowed = all ? 0 : std::max<std::int64_t>(0, total - wanted);
    const Distribution accepted = accepted_by(t, k, offered, allowed, most_lower_waves, scratch);
    for (std::size_t s = 0; s < sources(); ++s) {
        if (!open_.is_open(s, t)) continue;
        open_.offer(min_sum(from_sources_.mass(k, s), accepted.data(), accepted.size()), s, t, SettledBy::meeting);
    }
}

/// What a lower half for sink t takes of what is offered at layer k, once waves have left no more than `allowed`.
template <class T>
typename AllPairs<T>::Distribution AllPairs<T>::accepted_by(std::size_t t, std::size_t k,
                                                            const Distribution& offered, std::int64_t allowed,
                                                            std::size_t most_waves, Scratch<T>& scratch) {
    join_lower(t, k, offered, scratch);
    Pseudoflow<T>& pseudoflow = scratch.pseudoflow();
    pseudoflow.run(allowed, most_waves);
    pseudoflow.return_excess();
    Distribution accepted(offered.size(), T(0));
    for (std::size_t x = 0; x < network_.width(k); ++x) accepted[x] = offered[x] - pseudoflow.balance(k)[x];
    return accepted;
}

/// The layer at which half-flows meet: as high as sources can spread their mass, three layers
/// below them, in deep networks four if the first three open sources say so.
template <class T>
std::size_t AllPairs<T>::shared_layer() {
    const std::size_t k = top_ > 3 ? top_ - 3 : 1;
    constexpr std::size_t deep = 8;
    if (top_ < deep) return k;
    std::size_t tried = 0;
    std::size_t failed = 0;
    for (std::size_t s = 0; s < sources() && tried < 3; ++s) {
        if (!open_.has_source(s)) continue;
        ++tried;
        const SharedMass shared = shared_mass(k, supply(s));
        const Distribution delivered = delivered_by(s, shared, 0, workers_.scratch());
        failed += !std::equal(delivered.begin(), delivered.end(), shared.mass.begin(), std::greater_equal<T>());
    }
    return 2 * failed > tried ? k - 1 : k;
}

/// What an upper half for row s brings to the layer of `shared`, towards that, once waves have left no more than
/// `allowed`.
template <class T>
typename AllPairs<T>::Distribution AllPairs<T>::delivered_by(std::size_t s, const SharedMass& shared,
                                                             std::int64_t allowed, Scratch<T>& scratch) {
    join_upper(s, shared.layer, shared.mass, scratch);
    Pseudoflow<T>& pseudoflow = scratch.pseudoflow();
    pseudoflow.run(allowed, most_half_waves);
    Distribution delivered(shared.mass.size(), T(0));
    const T* const balance = pseudoflow.balance(shared.layer);
    for (std::size_t x = 0; x < network_.width(shared.layer); ++x) delivered[x] = shared.mass[x] + balance[x];
    return delivered;
}

// For every open source the half-flow to a common distribution, for every open sink the
// half-flow from it: what they deliver and accept at layer k is a meeting certificate for each
// pair of them. Where the first few sources show that it settles little, the others are left out.
template <class T>
void AllPairs<T>::settle_by_meeting(std::size_t k) {
    const SharedMass shared = shared_mass(k, largest_supply());
    const Panel<T> accepted = accepted_by_sinks(shared);
    for_open_sources(4, [&](std::size_t s, Scratch<T>& scratch) {
        const std::int64_t allowed = std::max<std::int64_t>(0, supply(s) - cuts_.source_bound(source(s)));
        const Distribution delivered = delivered_by(s, shared, allowed, scratch);
        for (std::size_t t = 0; t < sinks(); ++t) {
            if (!open_.is_open(s, t)) continue;
            open_.offer(min_sum(delivered.data(), accepted.row(t), delivered.size()), s, t, SettledBy::meeting);
        }
    });
    open_.recount();
}

template <class T>
Panel<T> AllPairs<T>::accepted_by_sinks(const SharedMass& shared) {
    Panel<T> accepted(sinks(), network_.width(shared.layer));
    workers_.for_each(sinks(), result_.counters, [&](std::size_t t, Scratch<T>& scratch) {
        if (!open_.has_sink(t)) return;
        const std::int64_t allowed = std::max<std::int64_t>(0, shared.total - cuts_.sink_bound(t));
        const Distribution row = accepted_by(t, shared.layer, shared.mass, allowed, most_half_waves, scratch);
        std::copy(row.begin(), row.end(), accepted.row(t));
    });
    return accepted;
}

#define ATTNFLOW_INSTANTIATE(T)                          \
    template void AllPairs<T>::settle_by_lower_halves(); \
    template std::size_t AllPairs<T>::shared_layer();    \
    template void AllPairs<T>::settle_by_meeting(std::size_t);
ATTNFLOW_INSTANTIATE(std::int32_t)
ATTNFLOW_INSTANTIATE(std::int64_t)
#undef ATTNFLOW_INSTANTIATE

}  // namespace attnflow::engine
