#include <catch2/catch.hpp>

#include "algorithms/maxflow/boykov_kolmogorov.hpp"
#include "algorithms/maxflow/layered_flow.hpp"
#include "graph/certificate.hpp"
#include "tests/algorithms/maxflow/layered_instances.hpp"

using namespace attnflow;

namespace {

/// Every pair of layers above one another: the solver's value against Boykov-Kolmogorov's, and
/// its certificate.
void check_all_pairs(const FixedNetwork& network, LayeredFlow& solver) {
    BoykovKolmogorov reference;
    ResidualState<std::int64_t> expected;
    ResidualState<std::int64_t> state;
    for (Vertex source = 0; source < network.vertices(); ++source) {
        for (Vertex sink = 0; sink < network.vertices(); ++sink) {
            if (network.layer_of(source) <= network.layer_of(sink)) continue;
            INFO("source " << source << " sink " << sink);
            const auto value = solver.solve(network, source, sink, state);
            REQUIRE(value == reference.solve(network, source, sink, expected));
            REQUIRE(certify_max_flow(network, source, sink, value, state.forward()).failure == "");
        }
    }
}

}  // namespace

TEST_CASE("layered_flow: awkward networks, every pair", "[layered_flow]") {
    LayeredFlow solver;
    for (std::uint64_t seed = 0; seed < 300; ++seed) {
        INFO("seed " << seed);
        check_all_pairs(awkward_network(seed), solver);
    }
}

TEST_CASE("layered_flow: attention with and without skip, causal, peaked", "[layered_flow]") {
    LayeredFlow solver;
    std::uint64_t seed = 0;
    for (const double skip : {0.0, 0.5}) {
        for (const bool causal : {false, true}) {
            for (const double sharpness : {0.5, 3.0}) {
                for (const int bits : {30, 40}) {
                    INFO("seed " << seed);
                    check_all_pairs(attention_network({.tokens = 9,
                                                       .layers = 5,
                                                       .skip = skip,
                                                       .sigma = 2.0,
                                                       .sharpness = sharpness,
                                                       .causal = causal,
                                                       .bits = bits},
                                                      seed++),
                                    solver);
                }
            }
        }
    }
}

TEST_CASE("layered_flow: a source below its sink is refused", "[layered_flow]") {
    const FixedNetwork network({1, 1}, {3});
    ResidualState<std::int64_t> state;
    CHECK_THROWS_WITH(LayeredFlow().solve(network, 0, 1, state),
                      "max flow: the source (layer 0) must lie above the sink (layer 1)");
}
