#include "algorithms/maxflow/engine/accelerators/halves.hpp"

#include <functional>

#include "algorithms/maxflow/engine/check.hpp"
#include "graph/support/assert.hpp"

namespace attnflow::engine {

SharedMass shared_mass(const AllPairs& pairs, std::size_t layer, Amount total) {
    Row<Amount> mass(padded(pairs.network.width(layer)), 0);
    Amount rest = total;
    for (std::size_t x = 0; x < pairs.network.width(layer); ++x) {
        // A little less than all, so that rounding leaves something rather than lacks it.
        const double share = static_cast<double>(total) * 0.99999 * pairs.network.guide().share(layer)[x];
        mass[x] = static_cast<Amount>(share);
        rest -= mass[x];
    }
    *std::max_element(mass.begin(), mass.end()) += rest;
    return {layer, total, std::move(mass)};
}

namespace {

std::size_t find_shared_layer(AllPairs& pairs) {
    constexpr std::size_t deep = 8;
    const std::size_t k = pairs.top > 3 ? pairs.top - 3 : 1;
    if (pairs.top < deep) return k;
    std::size_t tried = 0;
    std::size_t failed = 0;
    for (std::size_t s = 0; s < pairs.sources() && tried < 3; ++s) {
        if (!pairs.open.has_source(s)) continue;
        ++tried;
        const SharedMass shared = shared_mass(pairs, k, pairs.supply(s));
        const Row<Amount> delivered = delivered_by(pairs, s, shared, 0, pairs.workers.scratch());
        failed += !std::equal(delivered.begin(), delivered.end(), shared.mass.begin(), std::greater_equal<>());
    }
    return 2 * failed > tried ? k - 1 : k;
}

}  // namespace

std::size_t shared_layer(AllPairs& pairs) {
    if (pairs.shared_layer == 0) pairs.shared_layer = find_shared_layer(pairs);
    return pairs.shared_layer;
}

void join_lower(AllPairs& pairs, std::size_t t, std::size_t k, const Row<Amount>& supply, Scratch& scratch) {
    pairs.from_sinks.reach(t, k, Detail::multipliers, scratch.demand());
    scratch.pseudoflow().join_lower({&pairs.from_sinks, t}, k, supply.data());
}

Row<Amount> accepted_by(AllPairs& pairs, std::size_t t, std::size_t k, const Row<Amount>& offered, Amount allowed,
                        std::size_t most_waves, Scratch& scratch) {
    join_lower(pairs, t, k, offered, scratch);
    scratch.waves().run(allowed, most_waves);
    // What is stuck further down would count as accepted although it never arrives.
    scratch.pseudoflow().return_excess();
    Row<Amount> accepted(offered.size(), 0);
    const Amount* const balance = scratch.pseudoflow().balance(k);
    for (std::size_t x = 0; x < pairs.network.width(k); ++x) accepted[x] = offered[x] - balance[x];
    ATTNFLOW_CHECK(check_lower_half(scratch.pseudoflow(), accepted));
    return accepted;
}

Row<Amount> delivered_by(AllPairs& pairs, std::size_t s, const SharedMass& shared, Amount allowed,
                         Scratch& scratch) {
    pairs.from_sources.reach(s, shared.layer, Detail::multipliers, scratch.demand());
    scratch.pseudoflow().join_upper(pairs.top, {&pairs.from_sources, s}, shared.layer, shared.mass.data());
    scratch.waves().run(allowed, most_half_waves);
    Row<Amount> delivered(shared.mass.size(), 0);
    const Amount* const balance = scratch.pseudoflow().balance(shared.layer);
    for (std::size_t x = 0; x < pairs.network.width(shared.layer); ++x) delivered[x] = shared.mass[x] + balance[x];
    ATTNFLOW_CHECK(check_upper_half(scratch.pseudoflow(), delivered));
    return delivered;
}

}  // namespace attnflow::engine
