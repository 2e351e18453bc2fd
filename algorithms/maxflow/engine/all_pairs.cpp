#include "algorithms/maxflow/engine/all_pairs.hpp"

#include "algorithms/maxflow/engine/check.hpp"
#include "graph/support/assert.hpp"

namespace attnflow::engine {

AllPairs::AllPairs(const PackedNetwork& packed, Workers& the_workers, const Switches& the_switches,
                   Sweeps& sink_sweeps, FlowMatrix& flows)
    : network(packed),
      workers(the_workers),
      switches(the_switches),
      from_sinks(sink_sweeps),
      result(flows),
      top(flows.layer),
      cuts(network, top),
      from_sources(network, Direction::down, top, flows.sources),
      open(flows) {}

// Crossing cuts cost more than all the rest of what settles easy pairs, so they come after the sweeps.
void AllPairs::settle() {
    bound_by_end_cuts();
    for (const Phase* phase : phase_list()) {
        if (phase->settle != nullptr && switches.on(*phase) && open.pairs() > 0) phase->settle(*this);
        if (phase == &phases::sweeps) bound_by_crossings();
    }
    if (open.pairs() == 0) return workers.finish_sinks();
    if (top < least_layers_to_feed || !switches.on(phases::feeding)) {
        // Sinks are settled in parallel below, so what they share is made first. Feeding settles every pair that
        // is left, so where it runs nothing is joined that would need it.
        workers.for_each(sources(), [&](std::size_t s, Scratch& scratch) {
            if (open.has_source(s)) from_sources.reach(s, base_layer(), Detail::multipliers, scratch.demand());
        });
    }
    workers.finish_sinks(result.counters, [&](std::size_t t, Scratch& scratch) {
        if (open.has_sink(t)) settle_sink(t, scratch);
    });
}

void AllPairs::bound_by_end_cuts() {
    workers.for_each(sources(), [&](std::size_t s, Scratch&) {
        for (std::size_t t = 0; t < sinks(); ++t) {
            open.add_upper_bound(cuts.end_cuts(source(s), t), s, t);
            ATTNFLOW_CHECK(check_bound(network, top, source(s), t, open.bound(s, t)));
        }
    });
}

void AllPairs::bound_by_crossings() {
    workers.for_each(sources(), [&](std::size_t s, Scratch&) {
        for (std::size_t t = 0; t < sinks(); ++t) {
            if (!open.is_open(s, t)) continue;
            open.add_upper_bound(cuts.crossings(source(s), t, open.bound(s, t)), s, t);
            ATTNFLOW_CHECK(check_bound(network, top, source(s), t, open.bound(s, t)));
        }
    });
    open.recount();
}

// What phases for single sinks leave open is solved by waves, from plain sweeps that meet halfway.
void AllPairs::settle_sink(std::size_t t, Scratch& scratch) {
    for (const Phase* phase : phase_list()) {
        if (phase->settle_sink != nullptr && switches.on(*phase)) phase->settle_sink(*this, t, scratch);
    }
    const std::size_t k = base_layer();
    for (std::size_t s = 0; s < sources(); ++s) {
        if (!open.is_open(s, t)) continue;
        from_sinks.reach(t, k, Detail::multipliers, scratch.demand());
        scratch.pseudoflow().join(top, {&from_sources, s}, {&from_sinks, t}, k);
        open.settle(scratch.waves().maximise(open.bound(s, t).value), s, t, SettledBy::waves);
    }
}

std::size_t AllPairs::base_layer() const {
    constexpr std::size_t mixing = 5;
    return std::max((top + 1) / 2, top - std::min(top, mixing));
}

void AllPairs::reach_from_sources(std::size_t l) {
    workers.for_each(sources(), [&](std::size_t s, Scratch& scratch) {
        if (open.has_source(s)) from_sources.reach(s, l, cheapest_detail(), scratch.demand());
    });
}

void AllPairs::reach_from_sinks(std::size_t l) {
    workers.for_each(sinks(), [&](std::size_t t, Scratch& scratch) {
        if (open.has_sink(t)) from_sinks.reach(t, l, cheapest_detail(), scratch.demand());
    });
}

Amount AllPairs::largest_supply() const {
    Amount largest = 0;
    for (std::size_t s = 0; s < sources(); ++s) {
        if (open.has_source(s)) largest = std::max(largest, supply(s));
    }
    return largest;
}

}  // namespace attnflow::engine
