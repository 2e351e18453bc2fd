#include <numeric>

#include "algorithms/maxflow/engine/accelerators/halves.hpp"
#include "algorithms/maxflow/engine/check.hpp"
#include "graph/support/assert.hpp"

namespace attnflow::engine {
namespace {

constexpr std::size_t most_lower_waves = 30;  // a lower half for all sources of a sink is worth some

// Where the flow is all that the sources have, the lower half takes the most that any of them brings to
// each vertex, else the least.
void settle_by_lower_half(AllPairs& pairs, std::size_t k, std::size_t t, Scratch& scratch) {
    const Amount wanted = pairs.open.largest_bound(t);
    if (wanted == 0) return;  // all its pairs were settled since the last recount
    Row<Amount> most(padded(pairs.network.width(k)), 0);
    Row<Amount> least(most.size(), std::numeric_limits<Amount>::max());
    Amount largest = 0;
    for (std::size_t s = 0; s < pairs.sources(); ++s) {
        if (!pairs.open.is_open(s, t)) continue;
        const Amount* const mass = pairs.from_sources.mass(k, s);
        for (std::size_t x = 0; x < most.size(); ++x) {
            most[x] = std::max(most[x], mass[x]);
            least[x] = std::min(least[x], mass[x]);
        }
        largest = std::max(largest, pairs.supply(s));
    }
    const bool all = wanted == largest;
    const Row<Amount>& offered = all ? most : least;
    // At most the capacities into layer k, so balances can hold it, wherever it comes to lie.
    const Amount total = std::accumulate(offered.begin(), offered.end(), Amount{0});
    const Amount allowed = all ? 0 : std::max<Amount>(0, total - wanted);
    const Row<Amount> accepted = accepted_by(pairs, t, k, offered, allowed, most_lower_waves, scratch);
    for (std::size_t s = 0; s < pairs.sources(); ++s) {
        if (!pairs.open.is_open(s, t)) continue;
        const Amount* const mass = pairs.from_sources.mass(k, s);
        const Amount value = row_kernels().min_sum(mass, accepted.data(), accepted.size());
        ATTNFLOW_CHECK(check_meeting(mass, accepted.data(), pairs.network.width(k), value));
        pairs.open.add_lower_bound(value, s, t, SettledBy::meeting);
    }
}

// For every open sink a lower half that takes what the sweeps of all its open sources bring to the layer
// where they meet.
void settle_by_lower_halves(AllPairs& pairs) {
    constexpr std::size_t mixing = 3;  // layers, for sources to bring about the same
    const std::size_t k = pairs.base_layer();
    if (pairs.top < k + mixing || !pairs.open.worth_halves()) return;
    pairs.reach_from_sources(k);
    pairs.workers.for_each(pairs.sinks(), pairs.result.counters, [&](std::size_t t, Scratch& scratch) {
        if (pairs.open.has_sink(t)) settle_by_lower_half(pairs, k, t, scratch);
    });
    pairs.open.recount();
}

}  // namespace

const Phase phases::lower_halves{
    .name = "lower_halves",
    .why = "after four layers the sources bring nearly the same, so that one lower half of a sink serves all",
    .settle = settle_by_lower_halves};

}  // namespace attnflow::engine
