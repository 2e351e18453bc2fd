// The last phase: sink by sink, upper halves that feed the sink's chain, and waves.

#include "algorithms/maxflow/engine/accelerators/halves.hpp"
#include "graph/support/assert.hpp"

namespace attnflow::engine {
namespace {

/// Finding out what a pair's upper half proves from masses alone, which is cheap: done as long as it is enough for
/// every other source of the sink.
struct CheapWay {
    bool on;
    std::size_t tried = 0;
    std::size_t enough = 0;

    bool pays() const {
        constexpr std::size_t first = 4;
        return on && 2 * enough + first > tried;
    }
};

// All sinks begin with what the sources together would bring.
void prepare(AllPairs& pairs) {
    if (pairs.top < least_layers_to_feed) return;
    pairs.fed_from = shared_mass(pairs, shared_layer(pairs), pairs.largest_supply());
}

// A lower half that takes `wanted` in all, as much of it as possible from the guide's distribution, the rest from
// the sink's chain.
void make_lower_half(AllPairs& pairs, std::size_t t, Amount wanted, Scratch& scratch) {
    constexpr std::size_t most_waves = 30;
    const SharedMass& shared = pairs.fed_from;
    const std::size_t k = shared.layer;
    join_lower(pairs, t, k, shared.mass, scratch);
    if (k == 1) return;
    Pseudoflow& pseudoflow = scratch.pseudoflow();
    scratch.waves().run(shared.total - wanted, most_waves);
    pseudoflow.return_excess();
    const Amount left = row_kernels().signed_sums(pseudoflow.balance(k), padded(pairs.network.width(k))).positive;
    const Amount missing = wanted - (shared.total - left);
    if (missing <= 0 || t >= pairs.network.width(k)) return;
    pseudoflow.add_supply(t, missing);
    scratch.waves().run(left, most_waves);
    pseudoflow.return_excess();
}

// Settles the pair: puts its upper half on the lower half of the sink. False where waves have found a cut below
// its bound.
bool feed_pair(AllPairs& pairs, std::size_t s, std::size_t t, const FoundCut* cut, Feeding& feeding,
               CheapWay& cheap, Waves& waves) {
    const std::size_t source = pairs.source(s);
    const Amount bound = pairs.open.bound(s, t).value;
    Amount value = -1;
    if (cut == nullptr && cheap.pays()) {
        ++cheap.tried;
        value = feeding.bound(source);
        cheap.enough += value >= bound;
    }
    if (value < bound) value = feeding.feed(source, cut);
    const bool enough = value >= bound;
    if (!enough) value = waves.maximise(bound);
    pairs.open.settle(value, s, t, enough ? SettledBy::meeting : SettledBy::waves);
    return value >= bound;
}

// What waves change in the lower half serves the sources that follow.
void feed_sink(AllPairs& pairs, std::size_t t, Scratch& scratch) {
    if (pairs.top < least_layers_to_feed) return;
    const SharedMass& shared = pairs.fed_from;
    Feeding& feeding = scratch.feeding(pairs.top, shared.layer, pairs.cheapest_detail());
    Waves& waves = scratch.waves();
    const Amount largest = pairs.open.largest_bound(t);
    if (largest == 0) return;  // chain sweeps have settled all
    feeding.enter(t);
    make_lower_half(pairs, t, std::min(shared.total, largest), scratch);
    const bool find_cuts = pairs.switches.on(phases::found_cuts);
    FoundCuts cuts(pairs.network, pairs.top, t);
    CheapWay cheap{.on = pairs.switches.on(phases::masses_first)};
    for (std::size_t s = 0; s < pairs.sources(); ++s) {
        if (!pairs.open.is_open(s, t)) continue;
        Bound bound = pairs.open.bound(s, t);
        const FoundCut* const cut = cuts.lower(pairs.source(s), bound);
        pairs.open.add_upper_bound(bound, s, t);
        if (!pairs.open.is_open(s, t) || feed_pair(pairs, s, t, cut, feeding, cheap, waves)) continue;
        // Excess and deficits are left, or the flow would equal its source's row or its sink's column.
        ATTNFLOW_ASSERT(waves.has_cut());
        if (find_cuts) {
            cuts.add(pairs.source(s), pairs.result.values(s, t),
                     [&](std::size_t l, std::size_t x) { return waves.on_sink_side(l, x); });
        }
    }
}

}  // namespace

const Phase phases::feeding{
    .name = "feeding",
    .why = "where the sink's chain must be fed high up, an upper half made for the pair is nearly a maximum flow",
    .settle = prepare,
    .settle_sink = feed_sink};

const Phase phases::masses_first{.name = "masses_first",
                                 .why = "an upper half's masses alone say in O(n) a layer whether it is enough"};

const Phase phases::found_cuts{
    .name = "found_cuts", .why = "a minimum cut that waves end with bounds, and guides, the sink's other sources"};

}  // namespace attnflow::engine
