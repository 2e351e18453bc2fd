/// Checks find what is wrong by one unit.

#include "algorithms/maxflow/engine/check.hpp"

#include <numeric>

#include <catch2/catch.hpp>

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

TEST_CASE("check_covered: less than is demanded by one unit", "[flow_engine][check]") {
    Panel<Amount> flow(2, 2);
    flow(0, 0) = 10;
    flow(1, 0) = 20;
    CHECK_NOTHROW(check_covered(flow, {0.5, 1.0}, {25, 0}));
    CHECK_THROWS_WITH(check_covered(flow, {0.5, 1.0}, {26, 0}), Catch::Contains("25 arrives, 26 is demanded"));
    CHECK_THROWS_AS(check_covered(flow, {0.5, 1.5}, {25, 0}), InternalError);
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
                for (Bound bound : {cuts.lanes(s, t), cuts.crossings(s, t, {unbounded, {}})}) {
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
