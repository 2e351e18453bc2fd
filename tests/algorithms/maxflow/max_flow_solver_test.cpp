/// Every registered max-flow solver against exhaustive minimum cuts and against NetworkX.

#include <catch2/catch.hpp>

#include "algorithms/maxflow/max_flow_solver.hpp"
#include "graph/certificate.hpp"
#include "graph/support/random.hpp"
#include "tests/golden_json.hpp"
#include "tests/oracles.hpp"

using namespace attnflow;
using attnflow::testing::brute_force_min_cut;

namespace {

FixedNetwork random_network(Random& random) {
    const std::size_t layers = 1 + random.below(4);
    std::vector<std::size_t> widths;
    for (std::size_t l = 0; l <= layers; ++l) widths.push_back(1 + random.below(5));
    const std::uint64_t largest = std::uint64_t{1} << random.below(20);
    const double density = random.uniform();
    std::vector<std::int64_t> capacities(FixedNetwork::slots_for(widths));
    for (auto& capacity : capacities) {
        capacity = random.uniform() < density ? static_cast<std::int64_t>(random.below(largest + 1)) : 0;
    }
    return {std::move(widths), std::move(capacities)};
}

}  // namespace

TEST_CASE("solvers find the exhaustive minimum cut and prove it", "[maxflow]") {
    for (const auto& entry : max_flow_solvers().entries()) {
        const auto solver = entry.make();
        ResidualState<std::int64_t> state;
        for (std::uint64_t seed = 1; seed <= 400; ++seed) {
            Random random(seed);
            const FixedNetwork network = random_network(random);
            const std::size_t high = 1 + random.below(network.layers());
            const std::size_t low = random.below(high);
            const Vertex source = network.vertex(high, random.below(network.width(high)));
            const Vertex sink = network.vertex(low, random.below(network.width(low)));
            INFO(entry.info.name << ", seed " << seed);
            const std::int64_t value = solver->solve(network, source, sink, state);
            CHECK(value == brute_force_min_cut(network, source, sink));
            const auto certificate = certify_max_flow(network, source, sink, value, state.forward());
            INFO(certificate.failure);
            CHECK(certificate.holds);
        }
    }
}

TEST_CASE("solvers agree with NetworkX", "[maxflow][golden]") {
    std::size_t flows = 0;
    const Json networks = attnflow::testing::golden_json("solver.json").at("networks");
    for (const auto& golden : networks) {
        std::vector<std::int64_t> capacities;
        for (const auto& layer : golden.at("capacities")) {
            for (const auto& row : layer) {
                for (const auto& capacity : row) capacities.push_back(capacity.get<std::int64_t>());
            }
        }
        const FixedNetwork network(golden.at("widths").get<std::vector<std::size_t>>(), std::move(capacities));
        for (const auto& entry : max_flow_solvers().entries()) {
            const auto solver = entry.make();
            ResidualState<std::int64_t> state;
            for (const auto& flow : golden.at("flows")) {
                INFO(entry.info.name << ", " << golden.at("name").get<std::string>() << ", " << flow.dump());
                const auto at = [&](const char* name) { return flow.at(name).get<std::size_t>(); };
                const Vertex source = network.vertex(at("source_layer"), at("source"));
                const Vertex sink = network.vertex(at("sink_layer"), at("sink"));
                CHECK(solver->solve(network, source, sink, state) == flow.at("value").get<std::int64_t>());
                ++flows;
            }
        }
    }
    CHECK(flows >= 100);
}

TEST_CASE("a source that does not lie above the sink is refused", "[maxflow]") {
    const FixedNetwork network({2, 2}, {1, 2, 3, 4});
    for (const auto& entry : max_flow_solvers().entries()) {
        const auto solver = entry.make();
        ResidualState<std::int64_t> state;
        CHECK_THROWS_WITH(solver->solve(network, network.vertex(0, 0), network.vertex(1, 0), state),
                          "max flow: the source (layer 0) must lie above the sink (layer 1)");
        CHECK_THROWS_AS(solver->solve(network, network.vertex(1, 0), network.vertex(1, 0), state), ParameterError);
    }
}
