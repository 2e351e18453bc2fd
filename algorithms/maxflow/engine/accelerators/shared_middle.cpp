#include "algorithms/maxflow/engine/accelerators/halves.hpp"
#include "algorithms/maxflow/engine/check.hpp"
#include "graph/support/assert.hpp"

namespace attnflow::engine {
namespace {

Panel<Amount> accepted_by_sinks(AllPairs& pairs, const SharedMass& shared) {
    Panel<Amount> accepted(pairs.sinks(), pairs.network.width(shared.layer));
    pairs.workers.for_each(pairs.sinks(), pairs.result.counters, [&](std::size_t t, Scratch& scratch) {
        if (!pairs.open.has_sink(t)) return;
        const Amount allowed = std::max<Amount>(0, shared.total - pairs.cuts.sink_bound(t));
        const Row<Amount> row =
            accepted_by(pairs, t, shared.layer, shared.mass, allowed, most_half_waves, scratch);
        std::copy(row.begin(), row.end(), accepted.row(t));
    });
    return accepted;
}

// For every open source the half-flow to a common distribution, for every open sink the
// half-flow from it: what they deliver and accept at layer k is a meeting certificate for each
// pair of them. Where the first few sources show that it settles little, the others are left out.
void settle_by_shared_middle(AllPairs& pairs) {
    if (!pairs.open.worth_halves()) return;
    const SharedMass shared = shared_mass(pairs, shared_layer(pairs), pairs.largest_supply());
    const Panel<Amount> accepted = accepted_by_sinks(pairs, shared);
    pairs.for_open_sources(4, [&](std::size_t s, Scratch& scratch) {
        const Amount bound = pairs.cuts.source_bound(pairs.source(s));
        const Amount allowed = std::max<Amount>(0, pairs.supply(s) - bound);
        const Row<Amount> delivered = delivered_by(pairs, s, shared, allowed, scratch);
        for (std::size_t t = 0; t < pairs.sinks(); ++t) {
            if (!pairs.open.is_open(s, t)) continue;
            const Amount value = row_kernels().min_sum(delivered.data(), accepted.row(t), delivered.size());
            ATTNFLOW_CHECK(
                check_meeting(delivered.data(), accepted.row(t), pairs.network.width(shared.layer), value));
            pairs.open.add_lower_bound(value, s, t, SettledBy::meeting);
        }
    });
}

}  // namespace

const Phase phases::shared_middle{
    .name = "shared_middle",
    .why = "half-flows of all open ends, made by a few waves each, share the guide in the middle",
    .settle = settle_by_shared_middle};

}  // namespace attnflow::engine
