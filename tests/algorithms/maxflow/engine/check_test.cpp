/// Checks find what is wrong by one unit.

#include "algorithms/maxflow/engine/check.hpp"

#include <numeric>

#include <catch2/catch.hpp>

#include "algorithms/maxflow/engine/accelerators/chain_sweep.hpp"
#include "algorithms/maxflow/engine/certificates/closed_cuts.hpp"
#include "tests/algorithms/maxflow/layered_instances.hpp"

using namespace attnflow;
using namespace attnflow::engine;

namespace {

/// A step of a sweep with what it needs, poured.
struct PouredStep {
    Panel<Amount> capacity;
    Row<Amount> mass;
    Row<double> start, demand, multiplier, slack, per_guide;
    Panel<Amount> cells;
    Row<Amount> into;

    explicit PouredStep(bool can_share) : capacity(3, 4), cells(4, 4) {
        for (std::size_t v = 0; v < 3; ++v) {
            for (std::size_t j = 0; j < 4; ++j) capacity(v, j) = static_cast<Amount>(1000 + 100 * v + 10 * j);
        }
        mass = {900, 1200, 700, 0, 0, 0, 0, 0};
        start.assign(8, 1.0);
        demand = {700, 700, 700, 700, 0, 0, 0, 0};
        multiplier.assign(8, 0.0);
        slack.assign(8, can_share ? 4000.0 : 0.0);
        per_guide = {4, 4, 4, 4, 0, 0, 0, 0};
        into.assign(8, 0);
        pour_step();
    }

    Pour step() {
        return {capacity,     mass.data(),    3,
                start.data(), 1e-3,           demand.data(),
                cells.row(0), cells.stride(), multiplier.data(),
                into.data(),  slack.data(),   per_guide.data()};
    }
    void pour_step() { water_filling().pour_together(step()); }
};

}  // namespace

TEST_CASE("check_half: a unit more or less in a row, in what arrives, above a capacity", "[flow_engine][check]") {
    for (const bool can_share : {false, true}) {
        INFO("poured together: " << can_share);
        PouredStep poured(can_share);
        CHECK((poured.multiplier[0] == together) == can_share);
        CHECK_NOTHROW(check_half(poured.step()));
        ++poured.into[1];
        CHECK_THROWS_WITH(check_half(poured.step()), Catch::Contains("is received"));
        --poured.into[1];
        ++poured.mass[2];
        CHECK_THROWS_AS(check_half(poured.step()), InternalError);
        --poured.mass[2];
        if (can_share) {
            // 900 of 2800 go to each column in turn, a quarter of them: 225 need to pass.
            poured.capacity(0, 3) = 224;
            CHECK_THROWS_WITH(check_half(poured.step()), Catch::Contains("in proportion, a capacity of 224"));
            poured.capacity(0, 3) = 225;
            CHECK_NOTHROW(check_half(poured.step()));
        } else {
            ++poured.cells(1, 2);
            CHECK_THROWS_WITH(check_half(poured.step()), Catch::Contains("row 1: 1201 of 1200 is passed on"));
            --poured.cells(1, 2);
            poured.capacity(1, 2) = poured.cells(1, 2) - 1;
            CHECK_THROWS_WITH(check_half(poured.step()), Catch::Contains("row 1, column 2"));
        }
    }
}

TEST_CASE("a step that keeps no cells comes to what it comes to with cells", "[flow_engine][check]") {
    for (const bool can_share : {false, true}) {
        PouredStep poured(can_share);
        Pour step = poured.step();
        step.stride = 0;
        poured.demand = {700, 700, 700, 700, 0, 0, 0, 0};
        poured.into.assign(8, 0);
        const KeptPour kept(step);
        CHECK(kept.step().cells != step.cells);
        water_filling().pour_together(kept.step());
        CHECK_THROWS_WITH(kept.check(step), Catch::Contains("0 arrives without cells"));
        water_filling().pour_together(step);
        CHECK_NOTHROW(kept.check(step));
        ++poured.into[3];
        CHECK_THROWS_WITH(kept.check(step), Catch::Contains("column 3: 701 arrives without cells, 700 with them"));
    }
}

TEST_CASE("check_served: a unit more or less in a row, in what is demanded, above a capacity",
          "[flow_engine][check]") {
    for (const bool can_share : {false, true}) {
        INFO("served together: " << can_share);
        Panel<Amount> capacity(2, 2);
        capacity(0, 0) = capacity(0, 1) = capacity(1, 0) = capacity(1, 1) = 100;
        Row<Amount> mass{120, 60, 0, 0, 0, 0, 0, 0};
        Row<Amount> demand{80, 80, 0, 0, 0, 0, 0, 0};
        Row<Amount> cells(8, 0);
        const Row<double> slack(8, can_share ? 1.0 : 0.0);
        const Row<double> per_demand{1.0 / 80, 1.0 / 80, 0, 0, 0, 0, 0, 0};
        Row<double> mark(8, 0.0);
        const Serve serve{capacity,     mass.data(),       2,          demand.data(), cells.data(), 0,
                          slack.data(), per_demand.data(), mark.data()};
        const KeptServe kept(serve);
        const Amount left = water_filling().serve_together(kept.step());
        CHECK(left == 20);
        CHECK((kept.step().mark[0] == together) == can_share);
        CHECK(water_filling().serve_together(serve) == left);
        CHECK_NOTHROW(kept.check(left, serve, left));
        CHECK_THROWS_WITH(kept.check(left, serve, left - 1), Catch::Contains("19 is left without cells, 20 with"));
        CHECK_THROWS_AS(kept.check(left + 1, serve, left + 1), InternalError);
        if (can_share) {
            capacity(0, 1) = 52;  // 120 of 180 for 80
            CHECK_THROWS_WITH(kept.check(left, serve, left), Catch::Contains("in proportion, a capacity of 52"));
        } else {
            ++kept.step().cells[1];
            CHECK_THROWS_WITH(kept.check(left, serve, left), Catch::Contains("row 0: "));
            --kept.step().cells[1];
            capacity(0, 0) = kept.step().cells[0] - 1;
            CHECK_THROWS_WITH(kept.check(left, serve, left), Catch::Contains("row 0, column 0"));
        }
    }
}

TEST_CASE("check_fed: a unit that is lost, gained, or more than the chain's edge holds", "[flow_engine][check]") {
    const FixedNetwork network({2, 2}, {5, 3, 2, 4});
    const PackedNetwork packed(network, 0, 1);
    Panel<Amount> beside = packed.down(1);
    beside(0, 1) = beside(1, 1) = 0;
    const Row<Amount> before{7, 3};
    Row<Amount> into_chain{3, 1};
    Row<Amount> rest{4, 2};
    const auto check = [&](Amount arrived, Amount left) {
        check_fed({packed, 1, 1, beside, before, into_chain, rest, arrived, left});
    };
    CHECK_NOTHROW(check(10, 0));
    CHECK_THROWS_WITH(check(10, 1), Catch::Contains("of 10 10 is said to arrive below and 1 to stay"));
    ++rest[1];
    CHECK_THROWS_WITH(check(10, 0), Catch::Contains("of 3 there are 1 for the chain and 3 for others"));
    --rest[1];
    ++into_chain[0];
    --rest[0];
    CHECK_THROWS_WITH(check(10, 0), Catch::Contains("4 flows into the chain, the capacity is 3"));
    --into_chain[0];
    ++rest[0];
    beside(1, 1) = 4;
    CHECK_THROWS_WITH(check(10, 0), Catch::Contains("row 1, column 1: 4 instead of a capacity of 0"));
}

TEST_CASE("check_lower_half and check_upper_half: what a half sends and receives", "[flow_engine][check]") {
    const FixedNetwork network = attention_network({.tokens = 9, .layers = 6, .sigma = 2.0, .bits = 40}, 3);
    const PackedNetwork packed(network, 0, 6);
    Sweeps down(packed, Direction::down, 6, {4});
    Sweeps up(packed, Direction::up, 6, {2});
    Demand scratch(9);
    down.reach(0, 3, Detail::multipliers, scratch);
    up.reach(0, 3, Detail::multipliers, scratch);
    Pseudoflow flow(packed);
    Row<Amount> ends(padded(9), 0);

    flow.join_upper(6, {&down, 0}, 3, ends.data());
    std::copy_n(down.mass(3, 0), ends.size(), ends.begin());
    CHECK_NOTHROW(check_upper_half(flow, ends));
    ++ends[5];
    CHECK_THROWS_WITH(check_upper_half(flow, ends), Catch::Contains("layer 3, position 5: "));
    --ends[5];
    flow.balance(4)[1] = -1;
    CHECK_THROWS_WITH(check_upper_half(flow, ends), Catch::Contains("1 is missing in an upper half"));

    flow.join_lower({&up, 0}, 3, ends.data());
    std::copy_n(up.mass(3, 0), ends.size(), ends.begin());
    CHECK_NOTHROW(check_lower_half(flow, ends));
    --ends[8];
    CHECK_THROWS_WITH(check_lower_half(flow, ends), Catch::Contains("layer 3, position 8: "));
    ++ends[8];
    flow.balance(1)[7] = 1;
    CHECK_THROWS_WITH(check_lower_half(flow, ends), Catch::Contains("1 stays in a lower half"));
}

TEST_CASE("check_meeting: a unit more than meets", "[flow_engine][check]") {
    const Amount mass[] = {3, 0, 9};
    const Amount demand[] = {5, 7, 4};
    CHECK_NOTHROW(check_meeting(mass, demand, 3, 7));
    CHECK_THROWS_WITH(check_meeting(mass, demand, 3, 8), Catch::Contains("7 meets, 8 is said to"));
}

TEST_CASE("check_lower_bound: a unit more than a pseudoflow proves", "[flow_engine][check]") {
    const FixedNetwork network = attention_network({.tokens = 9, .layers = 6, .sigma = 2.0, .bits = 40}, 3);
    const PackedNetwork packed(network, 0, 6);
    ChainSweep sweep(packed);
    Pseudoflow flow(packed);
    const Amount value = sweep.run(6, 4, 2);
    sweep.write(flow);
    CHECK_NOTHROW(check_lower_bound(flow, value));
    CHECK_THROWS_WITH(check_lower_bound(flow, value + 1), Catch::Contains("is shown to flow"));
    ++flow.balance(3)[5];
    CHECK_THROWS_AS(check_lower_bound(flow, value - 1), InternalError);
}

TEST_CASE("check_bound: every closed-form cut has the capacity that is said", "[flow_engine][check]") {
    std::size_t bounds = 0;
    for (std::uint64_t seed = 1; seed <= 300; ++seed) {
        INFO("seed " << seed);
        const FixedNetwork network = awkward_network(seed);
        const PackedNetwork packed(network, 0, network.layers());
        if (packed.causal() || network.layers() == 1) continue;
        const ClosedCuts cuts(packed, network.layers());
        for (std::size_t s = 0; s < network.width(network.layers()); ++s) {
            for (std::size_t t = 0; t < network.width(0); ++t) {
                for (Bound bound : {cuts.end_cuts(s, t), cuts.crossings(s, t, {unbounded, {}})}) {
                    REQUIRE_NOTHROW(check_bound(packed, network.layers(), s, t, bound));
                    --bound.value;
                    REQUIRE_THROWS_AS(check_bound(packed, network.layers(), s, t, bound), InternalError);
                    ++bounds;
                }
            }
        }
    }
    CHECK(bounds > 1000);
}
