#include "algorithms/maxflow/engine/all_pairs.hpp"
#include "algorithms/maxflow/engine/check.hpp"
#include "graph/support/assert.hpp"

namespace attnflow::engine {
namespace {

// In few layers, where sweeps that know one end only have no room to mix, a pair's own chain sweep
// may still reach the bound; in deep ones it rarely does. With many tokens feeding settles
// as many pairs in less time.
void settle_by_chains(AllPairs& pairs, std::size_t t, Scratch& scratch) {
    constexpr std::size_t few = 3;
    constexpr std::size_t many_tokens = 64;
    if (!pairs.network.has_chains() || pairs.top > few || pairs.sinks() > many_tokens) return;
    for (std::size_t s = 0; s < pairs.sources(); ++s) {
        if (!pairs.open.is_open(s, t)) continue;
        const Amount value = scratch.chain_sweep().run(pairs.top, pairs.source(s), t);
        ATTNFLOW_CHECK(scratch.chain_sweep().write(scratch.pseudoflow()));
        ATTNFLOW_CHECK(check_lower_bound(scratch.pseudoflow(), value));
        pairs.open.add_lower_bound(value, s, t, SettledBy::chains);
    }
}

}  // namespace

const Phase phases::token_chains{
    .name = "token_chains",
    .why = "in few layers a sweep that knows both ends leaves mass on token chains and moves the difference",
    .settle_sink = settle_by_chains};

}  // namespace attnflow::engine
