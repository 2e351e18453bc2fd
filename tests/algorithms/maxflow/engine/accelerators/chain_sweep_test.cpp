#include "algorithms/maxflow/engine/accelerators/chain_sweep.hpp"

#include <catch2/catch.hpp>

#include "algorithms/maxflow/dinic.hpp"
#include "algorithms/maxflow/engine/check.hpp"
#include "tests/algorithms/maxflow/layered_instances.hpp"

using namespace attnflow;

namespace {

/// That the last run's flow keeps capacities, that its balances are those of the flow, and that
/// the bound is what leaves the source minus all excess.
void check_written(engine::Pseudoflow& flow, engine::ChainSweep& sweep, std::int64_t bound) {
    sweep.write(flow);
    engine::check_balances(flow);
    REQUIRE(flow.lower_bound() == bound);
}

std::size_t check_all(const FixedNetwork& network) {
    const std::size_t top = network.layers();
    const engine::PackedNetwork packed(network, 0, top);
    engine::ChainSweep sweep(packed);
    engine::Pseudoflow flow(packed);
    Dinic dinic;
    ResidualState<std::int64_t> state;
    std::size_t exact = 0;
    for (std::size_t s = 0; s < network.width(top); ++s) {
        for (std::size_t t = 0; t < (packed.causal() ? s + 1 : network.width(0)); ++t) {
            INFO("source " << s << " sink " << t);
            const auto value = dinic.solve(network, network.vertex(top, s), network.vertex(0, t), state);
            const auto bound = sweep.run(top, s, t);
            REQUIRE(bound <= value);
            exact += bound == value;
            check_written(flow, sweep, bound);
        }
    }
    return exact;
}

}  // namespace

TEST_CASE("chain sweeps: a feasible flow and most often a maximum one", "[flow_engine][chains]") {
    for (const bool causal : {false, true}) {
        std::size_t exact = 0;
        std::size_t pairs = 0;
        for (std::size_t n = 2; n <= 34; n += 4) {
            INFO("causal " << causal << " n " << n);
            const auto network = attention_network({.tokens = n, .layers = 10, .causal = causal}, n);
            exact += check_all(network);
            pairs += causal ? n * (n + 1) / 2 : n * n;
        }
        CHECK(10 * exact > 8 * pairs);
    }
}

TEST_CASE("chain sweeps: feasible on anything of equal widths", "[flow_engine][chains]") {
    std::size_t networks = 0;
    for (std::uint64_t seed = 5000; seed < 5400; ++seed) {
        const FixedNetwork network = awkward_network(seed);
        bool equal_widths = network.layers() >= 2;
        for (std::size_t l = 0; l <= network.layers(); ++l)
            equal_widths = equal_widths && network.width(l) == network.width(0);
        if (!equal_widths) continue;
        ++networks;
        INFO("seed " << seed);
        check_all(network);
    }
    CHECK(networks > 100);
}
