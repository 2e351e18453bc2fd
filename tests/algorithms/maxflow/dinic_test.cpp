/// What only dinic does: a first blocking flow without search, and phases after it. That it
/// is right in general is checked with all solvers in tests/contract.

#include <catch2/catch.hpp>

#include "algorithms/maxflow/dinic.hpp"
#include "graph/certificate.hpp"
#include "graph/generators/network_generator.hpp"
#include "graph/quantiser.hpp"

using namespace attnflow;

namespace {

std::int64_t certified_flow(Dinic& solver, const FixedNetwork& g, Vertex source, Vertex sink,
                            ResidualState<std::int64_t>& state) {
    const std::int64_t value = solver.solve(g, source, sink, state);
    const auto certificate = certify_max_flow(g, source, sink, value, state.forward());
    INFO(certificate.failure);
    CHECK(certificate.holds);
    return value;
}

std::int64_t certified_flow(const FixedNetwork& g, Vertex source, Vertex sink) {
    Dinic solver;
    ResidualState<std::int64_t> state;
    return certified_flow(solver, g, source, sink, state);
}

}  // namespace

TEST_CASE("dinic takes back flow that the first phase sent the wrong way", "[dinic]") {
    //  layer 3        s
    //  layer 2      a   b      a sees x and y, b only x: a takes x first
    //  layer 1      x   y
    //  layer 0        t
    const FixedNetwork g({1, 2, 2, 1}, {1, 1,        // x, y -> t
                                        1, 1, 1, 0,  // a, b -> x, y
                                        1, 1});      // s -> a, b
    CHECK(certified_flow(g, g.vertex(3, 0), g.vertex(0, 0)) == 2);
    // The same through a chain: every phase has to undo more.
    const auto chains = Quantiser()(network_generators().at("augmenting_chains").make()->generate({5, 28}, 0));
    const auto& h = chains.network;
    CHECK(certified_flow(h, h.vertex(5, 3), h.vertex(0, 7)) == 28 * (std::int64_t{1} << 40));
}

TEST_CASE("dinic stops without search when source or sink is saturated", "[dinic]") {
    const FixedNetwork narrow_source({1, 2, 1}, {5, 5, 1, 2});
    CHECK(certified_flow(narrow_source, 3, 0) == 3);
    const FixedNetwork narrow_sink({1, 2, 1}, {1, 2, 5, 5});
    CHECK(certified_flow(narrow_sink, 3, 0) == 3);
    const FixedNetwork neither({1, 2, 1}, {5, 2, 1, 5});
    CHECK(certified_flow(neither, 3, 0) == 3);
}

TEST_CASE("dinic solves one edge, no edge and unconnected pairs", "[dinic]") {
    const FixedNetwork g({2, 2}, {7, 0, 3, 4});
    CHECK(certified_flow(g, g.vertex(1, 0), g.vertex(0, 0)) == 7);
    CHECK(certified_flow(g, g.vertex(1, 0), g.vertex(0, 1)) == 0);
    CHECK(certified_flow(g, g.vertex(1, 1), g.vertex(0, 1)) == 4);
    const FixedNetwork apart({2, 2, 2}, {1, 0, 0, 1, 1, 0, 0, 1});
    CHECK(certified_flow(apart, apart.vertex(2, 0), apart.vertex(0, 1)) == 0);
    CHECK(certified_flow(apart, apart.vertex(2, 1), apart.vertex(0, 1)) == 1);
    const FixedNetwork dark({2, 2, 2}, std::vector<std::int64_t>(8, 0));
    CHECK(certified_flow(dark, dark.vertex(2, 0), dark.vertex(0, 1)) == 0);
}

TEST_CASE("dinic carries nothing over from one problem to the next", "[dinic]") {
    Dinic solver;
    ResidualState<std::int64_t> state;
    for (const char* name : {"peaked", "banded", "varying_widths", "sparse", "ties"}) {
        for (const NetworkSize size : {NetworkSize{6, 9}, {1, 3}, {3, 14}}) {
            const auto g = Quantiser()(network_generators().at(name).make()->generate(size, 5)).network;
            const std::size_t L = g.layers();
            for (std::size_t t = 0; t < g.width(0); ++t) {
                const Vertex source = g.vertex(L, t % g.width(L));
                CHECK(certified_flow(solver, g, source, g.vertex(0, t), state) ==
                      certified_flow(g, source, g.vertex(0, t)));
            }
        }
    }
}

TEST_CASE("dinic needs one capacity a slot", "[dinic]") {
    const FixedNetwork g({1, 2, 1}, {5, 2, 1, 5});
    Dinic solver;
    ResidualState<std::int64_t> state;
    solver.solve(g, 3, 0, state);
    CHECK(state.bytes() == g.slots() * sizeof(std::int64_t));
}

TEST_CASE("dinic refuses a source that is not above the sink", "[dinic]") {
    const FixedNetwork g({2, 2}, {7, 0, 3, 4});
    Dinic solver;
    ResidualState<std::int64_t> state;
    CHECK_THROWS_WITH(solver.solve(g, 0, 2, state),
                      "max flow: the source (layer 0) must lie above the sink (layer 1)");
    CHECK_THROWS_AS(solver.solve(g, 2, 3, state), ParameterError);
}
