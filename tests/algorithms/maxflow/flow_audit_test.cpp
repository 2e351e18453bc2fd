#include "algorithms/maxflow/flow_audit.hpp"

#include <catch2/catch.hpp>

#include "algorithms/maxflow/flow_engine.hpp"
#include "tests/algorithms/maxflow/layered_instances.hpp"

using namespace attnflow;

TEST_CASE("audit: answers of the engine pass, a unit more or less or another cut does not",
          "[flow_engine][audit]") {
    const FixedNetwork network = attention_network({.tokens = 7, .layers = 4, .sigma = 2.0, .bits = 40}, 3);
    FlowMatrix flows = FlowEngine(network).all_pairs(4);
    FlowAudit audit(network);
    for (std::size_t s = 0; s < 7; ++s) {
        for (std::size_t t = 0; t < 7; ++t) CHECK_NOTHROW(audit.check(flows, s, t));
    }
    CHECK(audit.pairs() == 49);
    for (const std::int64_t change : {-1, 1}) {
        const std::int64_t value = flows.values(5, 2);
        flows.values(5, 2) += change;
        CHECK_THROWS_WITH(
            audit.check(flows, 5, 2),
            Catch::Contains("of widths 7 7 7 7 7, from layer 4, position 5 to token 2: the engine finds " +
                            std::to_string(value + change)) &&
                Catch::Contains("dinic " + std::to_string(value)));
        flows.values(5, 2) = value;
    }
    flows.cuts(5, 2) = {CutKind::crossing, 9};
    CHECK_THROWS_WITH(audit.check(flows, 5, 2), Catch::Contains("the engine says that crossing(9) binds it"));
}

TEST_CASE("audit: samples depend on seed and answer alone, and find what is wrong", "[flow_engine][audit]") {
    const FixedNetwork small = attention_network({.tokens = 7, .layers = 4, .sigma = 2.0, .bits = 40}, 3);
    const FixedNetwork large = attention_network({.tokens = 40, .layers = 6, .bits = 40}, 3);
    FlowMatrix flows = FlowEngine(small).all_pairs(4);
    const FlowMatrix many = FlowEngine(large).all_pairs(6);
    std::size_t sampled = 0;
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        CHECK(FlowAudit(small).sample(flows, seed) == 1);
        const std::size_t count = FlowAudit(large).sample(many, seed);
        FlowAudit again(large);
        CHECK(again.sample(many, seed) == count);
        CHECK(again.pairs() == count);
        sampled += count;
    }
    CHECK(sampled > 10);  // one in eight
    CHECK(sampled < 50);
    for (std::int64_t& value : flows.values.values()) ++value;  // all are wrong
    CHECK_THROWS_AS(FlowAudit(small).sample(flows, 1), InternalError);
}

TEST_CASE("audit: every second sample is one of the pairs that sweeps have not settled", "[flow_engine][audit]") {
    const FixedNetwork network = attention_network({.tokens = 7, .layers = 4, .sigma = 2.0, .bits = 40}, 3);
    FlowMatrix flows = FlowEngine(network).all_pairs(4);
    std::fill(flows.settled_by.values().begin(), flows.settled_by.values().end(), SettledBy::sweeps);
    flows.settled_by(5, 2) = SettledBy::waves;
    ++flows.values(5, 2);
    std::size_t found = 0;
    for (std::uint64_t seed = 1; seed <= 400; ++seed) {
        try {
            FlowAudit(network).sample(flows, seed);
        } catch (const InternalError&) {
            ++found;
        }
    }
    CHECK(found > 150);  // (1 + 1/49) / 2 of them
    CHECK(found < 260);
}

TEST_CASE("audit: networks have fingerprints", "[audit]") {
    const FixedNetwork network({2, 2}, {1, 2, 3, 4});
    CHECK(fingerprint(network) == fingerprint(FixedNetwork({2, 2}, {1, 2, 3, 4})));
    CHECK(fingerprint(network) != fingerprint(FixedNetwork({2, 2}, {1, 2, 4, 3})));
    CHECK(fingerprint(network) != fingerprint(FixedNetwork({4, 1}, {1, 2, 3, 4})));
}
