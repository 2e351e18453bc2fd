/// Capacities up to the limit of graph/capacity.hpp, where doubles lose units.

#include <catch2/catch.hpp>

#include "algorithms/maxflow/flow_engine.hpp"
#include "algorithms/maxflow/max_flow_solver.hpp"
#include "graph/certificate.hpp"
#include "graph/support/random.hpp"

using namespace attnflow;

namespace {

/// All pairs of the top layer by every solver and in every way of asking the engine.
void check_agreement(const FixedNetwork& network) {
    const std::size_t top = network.layers();
    FlowEngine engine(network);
    const FlowMatrix flows = engine.all_pairs(top);
    ResidualState<std::int64_t> state;
    for (std::size_t s = 0; s < network.width(top); ++s) {
        const std::size_t source[] = {s};
        const FlowMatrix row = engine.flows(top, source);
        for (std::size_t t = 0; t < network.width(0); ++t) {
            INFO("source " << s << " sink " << t << " settled by " << to_string(flows.settled_by(s, t)));
            const PairFlow single = engine.flow(top, s, t);
            REQUIRE(single.value == flows.values(s, t));
            REQUIRE(single.cut == flows.cuts(s, t));
            REQUIRE(row.values(0, t) == flows.values(s, t));
            for (const auto& solver : max_flow_solvers().entries()) {
                INFO(solver.info.name);
                const Vertex source_vertex = network.vertex(top, s);
                const Vertex sink = network.vertex(0, t);
                const std::int64_t value = solver.make()->solve(network, source_vertex, sink, state);
                REQUIRE(value == flows.values(s, t));
                REQUIRE(certify_max_flow(network, source_vertex, sink, value, state.forward()).failure == "");
            }
        }
    }
}

}  // namespace

TEST_CASE("large capacities: a lane that is offered a few units too much", "[flow_engine][large_sums]") {
    // More can be sent into the sink's lane than it takes, by less than a double can tell.
    const FixedNetwork narrow({1, 1, 2, 1}, {1537227135580456448, 1152921504606846976, 1729382256910270464,
                                             4344004362171168, 1532883131218285312});
    check_agreement(narrow);
    CHECK(FlowEngine(narrow).all_pairs(3).values(0, 0) == 1537227135580456448);
    const FixedNetwork deep(
        {1, 2, 1, 1, 1, 2, 2, 1},
        {1152921504606846976, 1729382256910270464, 35397630144218048, 1501829505436238336, 1729382256910270464,
         1729382256910270464, 1008806316530991104, 864691128455135232, 546339579725629120, 594475150812905472,
         576460752303423488, 0, 1135483155818450688, 401743979762005760});
    check_agreement(deep);
    const FlowMatrix flows = FlowEngine(deep).all_pairs(7);
    CHECK(flows.values(0, 0) == 1537227135580456384);
    CHECK(flows.cuts(0, 0).kind == CutKind::interior);
}

TEST_CASE("large capacities: layers that sum to nearly 2^62", "[flow_engine][large_sums]") {
    for (std::uint64_t seed = 1; seed <= 400; ++seed) {
        INFO("seed " << seed);
        Random random(seed);
        std::vector<std::size_t> widths(3 + random.below(5));
        for (std::size_t& w : widths) w = 1 + random.below(3);
        std::vector<std::int64_t> capacities;
        for (std::size_t l = 1; l < widths.size(); ++l) {
            const std::size_t edges = widths[l] * widths[l - 1];
            // Few multiples of a large unit and a few units more: sums that are nearly equal.
            const std::int64_t unit = (std::int64_t{1} << 62) / static_cast<std::int64_t>(edges) / 8;
            for (std::size_t e = 0; e < edges; ++e) {
                const auto few = static_cast<std::int64_t>(random.below(5));
                capacities.push_back(static_cast<std::int64_t>(random.below(8)) * unit + few);
            }
        }
        check_agreement(FixedNetwork(widths, std::move(capacities)));
    }
}

TEST_CASE("large capacities: a layer at the limit itself", "[flow_engine][large_sums]") {
    constexpr std::int64_t most = largest_layer_sum<std::int64_t>;
    const FixedNetwork path({1, 1, 1, 1}, {most, most, most});
    check_agreement(path);
    CHECK(FlowEngine(path).all_pairs(3).values(0, 0) == most);
    check_agreement(FixedNetwork({2, 2, 2}, {most / 2, most / 2, 1, 0, most - 3, 1, 1, 1}));
    CHECK_THROWS_AS(FixedNetwork({1, 2}, {most, 1}), InputError);
}
