// Sweeps of all ends that meet: the first phases, which settle most pairs of typical attention.

#include "algorithms/maxflow/engine/all_pairs.hpp"
#include "algorithms/maxflow/engine/check.hpp"
#include "graph/support/assert.hpp"

namespace attnflow::engine {
namespace {

// The meeting certificate of the two sweeps of each open pair at layer k.
void meet(AllPairs& pairs, std::size_t s, std::size_t t, std::size_t k) {
    const Amount* const mass = pairs.from_sources.mass(k, s);
    const Amount* const demand = pairs.from_sinks.mass(k, t);
    const Amount value = row_kernels().min_sum(mass, demand, padded(pairs.network.width(k)));
    ATTNFLOW_CHECK(check_meeting(mass, demand, pairs.network.width(k), value));
    pairs.open.add_lower_bound(value, s, t, SettledBy::sweeps);
}

// All at one layer.
void settle_by_sweeps(AllPairs& pairs) {
    const std::size_t k = pairs.base_layer();
    pairs.reach_from_sinks(k);
    pairs.reach_from_sources(k);
    pairs.workers.for_each(pairs.sources(), [&](std::size_t s, Scratch&) {
        for (std::size_t t = 0; t < pairs.sinks(); ++t) {
            if (pairs.open.is_open(s, t)) meet(pairs, s, t, k);
        }
    });
}

// Sinks with open pairs go on upwards, and are compared at every layer on the way.
void settle_by_higher_sweeps(AllPairs& pairs) {
    const std::size_t base = pairs.base_layer();
    pairs.reach_from_sources(base);
    pairs.reach_from_sinks(pairs.top - 1);
    pairs.workers.for_each(pairs.sources(), [&](std::size_t s, Scratch&) {
        for (std::size_t t = 0; t < pairs.sinks(); ++t) {
            for (std::size_t k = base + 1; k < pairs.top && pairs.open.is_open(s, t); ++k) meet(pairs, s, t, k);
        }
    });
    pairs.open.recount();
}

}  // namespace

const Phase phases::sweeps{
    .name = "sweeps",
    .why = "n sweeps from either side bound all n^2 pairs, at the price of one vector of minima a pair",
    .settle = settle_by_sweeps};

const Phase phases::unconstrained{
    .name = "unconstrained",
    .why =
        "vertices that meet no capacity are poured together, so that a sweep that has mixed costs O(n) a layer"};

const Phase phases::higher_sweeps{.name = "higher_sweeps",
                                  .why = "sinks whose chain has to be fed high up meet the sources there",
                                  .settle = settle_by_higher_sweeps};

}  // namespace attnflow::engine
