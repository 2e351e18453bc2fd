#include "algorithms/maxflow/engine/all_pairs.hpp"

namespace attnflow::engine {
namespace {

// For every open source its sweep once more, for each open sink with what can enter its chain diverted there.
void settle_by_diversion(AllPairs& pairs) {
    constexpr std::size_t enough = 3;  // pairs, for the flow of a source to be worth making
    const std::size_t top = pairs.top;
    // In fewer than four layers the demand of a sink has not mixed.
    if (top < 4 || pairs.open.pairs() < enough * pairs.open.source_count()) return;
    pairs.reach_from_sinks(top - 2);
    pairs.for_open_sources(8, [&](std::size_t s, Scratch& scratch) {
        DivertedFlow& flow = scratch.diverted_flow(top);
        flow.enter(pairs.source(s));
        for (std::size_t t = 0; t < pairs.sinks(); ++t) {
            if (!pairs.open.is_open(s, t)) continue;
            const Amount value = flow.bound(t, pairs.from_sinks.mass(top - 2, t));
            pairs.open.add_lower_bound(value, s, t, SettledBy::meeting);
        }
    });
}

}  // namespace

const Phase phases::diversion{
    .name = "diversion",
    .why = "in four or five layers the best flow enters the sink's chain right below the source",
    .settle = settle_by_diversion};

}  // namespace attnflow::engine
