#include "algorithms/maxflow/engine/lanes.hpp"

#include <catch2/catch.hpp>

#include "algorithms/maxflow/dinic.hpp"
#include "layered_instances.hpp"

using namespace attnflow;
using engine::Panel;

namespace {

/// That the last run's flow keeps capacities, that its balances are those of the flow, and that
/// the bound is what leaves the source minus all excess.
template <class T>
void check_written(const FixedNetwork& network, engine::LaneSweeps<T>& lanes, std::int64_t bound) {
    const std::size_t top = lanes.top();
    const std::size_t n = network.width(0);
    std::vector<Panel<T>> flow(top + 1, Panel<T>(n, n));
    Panel<T> balance(top + 1, n);
    lanes.write(flow, balance);
    const auto [first, last] = lanes.window();
    std::int64_t arriving = 0;
    for (std::size_t l = 1; l < top; ++l) {
        for (std::size_t x = first; x <= last; ++x) {
            std::int64_t expected = 0;
            if (l + 1 == top) expected += network.capacity(top, lanes.source(), x);
            if (l == 1) expected -= network.capacity(1, x, lanes.sink());
            for (std::size_t y = 0; y < n; ++y) {
                if (l + 1 < top) expected += flow[l + 1](y, x);
                if (l == 1) continue;
                REQUIRE(flow[l](x, y) >= 0);
                REQUIRE(flow[l](x, y) <= network.capacity(l, x, y));
                expected -= flow[l](x, y);
            }
            REQUIRE(balance(l, x) == expected);
            if (l + 1 == top) arriving += network.capacity(top, lanes.source(), x);
            arriving -= std::max<std::int64_t>(0, expected);
        }
    }
    REQUIRE(arriving == bound);
}

template <class T>
std::size_t check_all(const FixedNetwork& network) {
    const std::size_t top = network.layers();
    const engine::PackedNetwork<T> packed(network, 0, top);
    engine::LaneSweeps<T> lanes(packed);
    Dinic dinic;
    ResidualState<std::int64_t> state;
    std::size_t exact = 0;
    for (std::size_t s = 0; s < network.width(top); ++s) {
        for (std::size_t t = 0; t < (packed.causal() ? s + 1 : network.width(0)); ++t) {
            INFO("source " << s << " sink " << t);
            const auto flow = dinic.solve(network, network.vertex(top, s), network.vertex(0, t), state);
            const auto bound = lanes.run(top, s, t);
            REQUIRE(bound <= flow);
            exact += bound == flow;
            check_written(network, lanes, bound);
        }
    }
    return exact;
}

}  // namespace

TEST_CASE("lane sweeps: a feasible flow and most often a maximum one", "[flow_engine][lanes]") {
    for (const bool causal : {false, true}) {
        std::size_t exact = 0;
        std::size_t pairs = 0;
        for (std::size_t n = 2; n <= 34; n += 4) {
            INFO("causal " << causal << " n " << n);
            const auto network = attention_network({.tokens = n, .layers = 10, .causal = causal}, n);
            exact += check_all<std::int32_t>(network);
            pairs += causal ? n * (n + 1) / 2 : n * n;
        }
        CHECK(10 * exact > 8 * pairs);
    }
}

TEST_CASE("lane sweeps: feasible on anything of equal widths", "[flow_engine][lanes]") {
    std::size_t networks = 0;
    for (std::uint64_t seed = 5000; seed < 5400; ++seed) {
        const FixedNetwork network = awkward_network(seed);
        bool equal_widths = network.layers() >= 2;
        for (std::size_t l = 0; l <= network.layers(); ++l)
            equal_widths = equal_widths && network.width(l) == network.width(0);
        if (!equal_widths) continue;
        ++networks;
        INFO("seed " << seed);
        check_all<std::int64_t>(network);
    }
    CHECK(networks > 100);
}
