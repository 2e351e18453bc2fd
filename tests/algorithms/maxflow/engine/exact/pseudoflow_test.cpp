#include "algorithms/maxflow/engine/exact/pseudoflow.hpp"

#include <catch2/catch.hpp>

#include "algorithms/maxflow/engine/check.hpp"
#include "tests/algorithms/maxflow/layered_instances.hpp"

using namespace attnflow;
using namespace attnflow::engine;

TEST_CASE("pseudoflow: halves that are not made that far, or without multipliers, are not joined",
          "[flow_engine]") {
    const FixedNetwork network = attention_network({.tokens = 24, .layers = 6, .bits = 40}, 3);
    const PackedNetwork packed(network, 0, 6);
    REQUIRE(packed.guide().mostly_slack());
    Sweeps down(packed, Direction::down, 6, {4});
    Sweeps up(packed, Direction::up, 6, {2});
    Demand scratch(24);
    Pseudoflow flow(packed);
    const Row<Amount> nothing(padded(24), 0);
    down.reach(0, 2, Detail::masses, scratch);
    up.reach(0, 2, Detail::multipliers, scratch);
    REQUIRE_FALSE(down.has_multipliers(0));
    const Half upper{&down, 0};
    const Half lower{&up, 0};
    CHECK_THROWS_WITH(flow.join(6, upper, lower, 3), Catch::Contains("which it has no multipliers for"));
    CHECK_THROWS_WITH(flow.join_upper(6, upper, 3, nothing.data()), Catch::Contains("no multipliers for"));
    down.reach(0, 3, Detail::multipliers, scratch);
    CHECK_NOTHROW(flow.join_upper(6, upper, 3, nothing.data()));
    CHECK_THROWS_WITH(flow.join(6, upper, lower, 3), Catch::Contains("position 2 is joined at layer 3, which it"));
    CHECK_THROWS_WITH(flow.join_lower(lower, 3, nothing.data()), Catch::Contains("not reached"));
    up.reach(0, 3, Detail::multipliers, scratch);
    flow.join(6, upper, lower, 3);
    check_balances(flow);
}
