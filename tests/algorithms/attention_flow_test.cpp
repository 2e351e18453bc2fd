#include <numeric>

#include <catch2/catch.hpp>

#include "algorithms/attention_flow.hpp"
#include "algorithms/maxflow/max_flow_solver.hpp"
#include "graph/generators/network_generator.hpp"
#include "graph/support/random.hpp"
#include "tests/oracles.hpp"

using namespace attnflow;
using namespace attnflow::testing;

namespace {

Attribution flow(const LayeredNetwork<double>& network, std::size_t layer, std::vector<std::size_t> sources,
                 const std::map<std::string, ParameterValue>& parameters = {}) {
    return attribution_methods()
        .at("attention_flow")
        .make(parameters)
        ->attribute({network, layer, std::move(sources)});
}

LayeredNetwork<double> random_rows(Random& random, std::size_t layers, std::size_t n, double skip, bool causal) {
    std::vector<double> capacities;
    for (std::size_t row = 0; row < layers * n; ++row) {
        const std::size_t i = row % n;
        std::vector<double> weights(n, 0.0);
        double sum = 0.0;
        for (std::size_t j = 0; j < (causal ? i + 1 : n); ++j) sum += weights[j] = std::exp(2.0 * random.normal());
        for (std::size_t j = 0; j < n; ++j) weights[j] = (1 - skip) * weights[j] / sum + (i == j ? skip : 0.0);
        capacities.insert(capacities.end(), weights.begin(), weights.end());
    }
    return {std::vector<std::size_t>(layers + 1, n), std::move(capacities)};
}

}  // namespace

TEST_CASE("flow of two layers by hand", "[attention_flow]") {
    // A_2 = [.5 .5; .25 .75], A_1 = [.75 .25; .5 .5]. From (2,0) to token 0 two paths:
    // through (1,0) min(.5, .75), through (1,1) min(.5, .5): 1, all that the source sends.
    // To token 1: min(.5, .25) + min(.5, .5) = .75, all that enters token 1.
    // From (2,1) to token 0: min(.25, .75) + min(.75, .5) = .75: neither end, a crossing.
    const LayeredNetwork<double> network({2, 2, 2}, {.75, .25, .5, .5, .5, .5, .25, .75});
    const auto result = flow(network, 2, {0, 1});
    CHECK(result.scores(0, 0) == 1.0);
    CHECK(result.scores(0, 1) == 0.75);
    CHECK(result.scores(1, 0) == 0.75);
    CHECK(result.scores(1, 1) == 0.75);
    CHECK(result.binding_cuts(0, 0).text() == "source_row");
    CHECK(result.binding_cuts(0, 1).text() == "sink_column");
    CHECK(result.binding_cuts(1, 0).text() == "crossing(1)");
    REQUIRE(result.fixed_point.has_value());
    CHECK(result.fixed_point->bits == 40);
    CHECK(result.fixed_point->rounded_to_zero == 0);
    // From layer 1 the flow is the weight itself.
    CHECK(flow(network, 1, {1}).scores(0, 0) == 0.5);
    // As the authors print it: rows divided by their sum.
    CHECK(flow(network, 2, {0}, {{"normalise_rows", true}}).scores(0, 1) == Approx(0.75 / 1.75));
}

TEST_CASE("an interior cut comes with its source side", "[attention_flow]") {
    // Two layers of a bottleneck in the middle: (3,0) -> (2,0),(2,1) -> (1,0) -> (0,*), with
    // 0.3 in all from layer 2 to layer 1; positions differ, so it is on no lane.
    const LayeredNetwork<double> network({2, 3, 3, 2}, {.5, .5, .5, .5, .5, .5,              // A_1
                                                        0,  0,  .1, 0,  0,  .2, .4, .4, .2,  // A_2
                                                        .5, .5, 0,  .1, .1, .8});            // A_3
    const auto result = flow(network, 3, {0});
    CHECK(result.scores(0, 0) == Approx(0.3).margin(1e-11));
    CHECK(result.binding_cuts(0, 0).text() == "interior");
    REQUIRE(result.interior_cuts.size() == 2);
    CHECK(result.interior_cuts[0].source == 0);
    CHECK(result.interior_cuts[0].token == 0);
    const Vertex v30 = network.vertex(3, 0);
    CHECK(result.interior_cuts[0].source_side ==
          std::vector<Vertex>{network.vertex(2, 0), network.vertex(2, 1), v30});
}

TEST_CASE("best path <= rollout <= flow <= min(1, column sum), up to the stated bound", "[attention_flow][laws]") {
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
        Random random(seed);
        const std::size_t layers = 1 + random.below(4);
        const std::size_t n = 1 + random.below(6);
        const double skip = random.below(3) == 0 ? 0.0 : random.uniform();
        const auto network = random_rows(random, layers, n, skip, random.below(3) == 0);
        std::vector<std::size_t> sources;
        for (std::size_t s = 0; s < n; ++s) sources.push_back(s);
        const auto columns = attribution_methods().at("column_sum").make()->attribute({network, layers, {0}});
        for (std::size_t layer = 1; layer <= layers; ++layer) {
            const auto flows = flow(network, layer, sources);
            const auto rollout = attribution_methods().at("rollout").make()->attribute({network, layer, sources});
            const double slack = flows.fixed_point->error_bound + 1e-12;
            for (std::size_t s = 0; s < n; ++s) {
                for (std::size_t t = 0; t < n; ++t) {
                    INFO("seed " << seed << ", layer " << layer << ", source " << s << ", token " << t);
                    const auto paths = enumerate_paths(network, layer, s, t);
                    CHECK(paths.sum_of_products == Approx(rollout.scores(s, t)).margin(1e-12));
                    CHECK(paths.best_product <= rollout.scores(s, t) + 1e-12);
                    CHECK(rollout.scores(s, t) <= flows.scores(s, t) + slack);
                    CHECK(paths.widest_bottleneck <= flows.scores(s, t) + slack);
                    CHECK(flows.scores(s, t) <= std::min(1.0, columns.scores(0, t)) + slack);
                }
            }
        }
    }
}

TEST_CASE("the fixed-point error stays within its bound", "[attention_flow]") {
    Random random(7);
    const auto network = random_rows(random, 4, 6, 0.5, false);
    const std::vector<std::size_t> sources{0, 1, 2, 3, 4, 5};
    const auto fine = flow(network, 4, sources, {{"bits", std::int64_t{48}}});
    for (const std::int64_t bits : {8, 16, 30}) {
        const auto coarse = flow(network, 4, sources, {{"bits", bits}});
        for (std::size_t k = 0; k < coarse.scores.values().size(); ++k) {
            CHECK(std::abs(coarse.scores.values()[k] - fine.scores.values()[k]) <=
                  coarse.fixed_point->error_bound + fine.fixed_point->error_bound);
        }
    }
}

TEST_CASE("every solver gives the same attribution", "[attention_flow]") {
    Random random(11);
    // auto takes another road for each
    for (const char* kind : {"dense", "causal", "banded"}) {
        const auto network = kind == std::string("banded")
                                 ? network_generators().at(kind).make()->generate({.layers = 3, .tokens = 7}, 1)
                                 : random_rows(random, 3, 7, 0.3, kind == std::string("causal"));
        const std::vector<std::size_t> sources{0, 3, 6};
        const auto expected = flow(network, 3, sources);
        for (const std::string& solver : max_flow_solvers().names()) {
            INFO(solver << ", " << kind);
            const auto result = flow(network, 3, sources, {{"solver", solver}});
            CHECK(result.scores == expected.scores);
            CHECK(result.binding_cuts == expected.binding_cuts);
        }
    }
}

TEST_CASE("threads and the seed of checks change no flow; checks are counted", "[attention_flow]") {
    const auto network = network_generators().at("uneven_keys").make()->generate({.layers = 4, .tokens = 24}, 1);
    std::vector<std::size_t> sources(24);
    std::iota(sources.begin(), sources.end(), std::size_t{0});
    const auto answers = [&](Computing computing, const std::map<std::string, ParameterValue>& parameters) {
        return attribution_methods()
            .at("attention_flow")
            .make(parameters)
            ->attribute_layers({network, {1, 2, 3, 4}, sources, computing});
    };
    const auto expected = answers({}, {});
    std::size_t checked = 0;
    for (const Computing computing : {Computing{.jobs = 3}, Computing{.seed = 2}, Computing{.jobs = 2, .seed = 3},
                                      Computing{.seed = 4}, Computing{.seed = 5}}) {
        const auto found = answers(computing, {});
        for (std::size_t l = 0; l < 4; ++l) {
            CHECK(found[l].scores == expected[l].scores);
            CHECK(found[l].binding_cuts == expected[l].binding_cuts);
            checked += found[l].checked;
        }
        if (computing.seed == 1) {
            for (std::size_t l = 0; l < 4; ++l) CHECK(found[l].checked == expected[l].checked);
        }
    }
    CHECK(checked > 0);   // 2304 slots: one answer in three
    CHECK(checked < 20);  // of 5 x 4
    for (const Attribution& answer : answers({}, {{"certify", false}})) CHECK(answer.checked == 0);
    for (const Attribution& answer : answers({}, {{"solver", std::string("dinic")}})) {
        CHECK(answer.checked == 24 * 24);
    }
}
