/// Laws between the methods of path algebra, rollout and flow, on every generator.

#include "algorithms/path_attribution.hpp"

#include <numeric>

#include <catch2/catch.hpp>

#include "algorithms/attribution_method.hpp"
#include "graph/generators/network_generator.hpp"
#include "tests/oracles.hpp"

using namespace attnflow;

namespace {

constexpr double slack = 1e-9;  // flows are computed in fixed point

std::vector<std::size_t> every_position(std::size_t width) {
    std::vector<std::size_t> all(width);
    std::iota(all.begin(), all.end(), std::size_t{0});
    return all;
}

RowMajor<double> scores(const std::string& method, const LayeredNetwork<double>& network, std::size_t layer,
                        const std::map<std::string, ParameterValue>& parameters = {}) {
    const AttributionProblem problem{network, layer, every_position(network.width(layer))};
    return attribution_methods().at(method).make(parameters)->attribute(problem).scores;
}

void check_at_most(const RowMajor<double>& smaller, const RowMajor<double>& larger, double shift = 0.0) {
    REQUIRE(smaller.values().size() == larger.values().size());
    std::size_t violations = 0;
    for (std::size_t k = 0; k < smaller.values().size(); ++k) {
        violations += smaller.values()[k] <= larger.values()[k] + shift + slack ? 0 : 1;
    }
    CHECK(violations == 0);
}

bool rows_sum_to_at_most_one(const LayeredNetwork<double>& network) {
    for (std::size_t l = 1; l <= network.layers(); ++l) {
        for (std::size_t i = 0; i < network.width(l); ++i) {
            const auto row = network.row(l, i);
            if (std::accumulate(row.begin(), row.end(), 0.0) > 1.0 + 1e-12) return false;
        }
    }
    return true;
}

}  // namespace

TEST_CASE("best path <= rollout <= flow, shortest <= widest <= flow, widest <= soft", "[paths]") {
    std::size_t networks = 0;
    for (const auto& generator : network_generators().entries()) {
        for (const NetworkSize size : {NetworkSize{1, 4}, {3, 6}, {5, 5}}) {
            for (std::uint64_t seed = 0; seed < 3; ++seed) {
                INFO(generator.info.name << ", layers " << size.layers << ", seed " << seed);
                const auto network = generator.make()->generate(size, seed);
                const std::size_t layer = network.layers();
                const auto flow = scores("attention_flow", network, layer);
                const auto widest = scores("widest_path", network, layer);
                const auto best = scores("best_path", network, layer);
                const auto rollout = scores("rollout", network, layer);
                check_at_most(widest, flow);
                check_at_most(best, rollout);
                if (rows_sum_to_at_most_one(network)) {
                    ++networks;
                    check_at_most(rollout, flow);
                    check_at_most(best, widest);
                }
                for (const double exponent : {0.5, 1.0, 8.0}) {
                    auto shortest = scores("shortest_path", network, layer, {{"exponent", exponent}});
                    check_at_most(shortest, widest);
                    for (double& score : shortest.values()) {
                        score *= std::pow(static_cast<double>(layer), 1.0 / exponent);
                    }
                    check_at_most(widest, shortest);
                }
                for (const double t : {1e-4, 0.01, 0.5}) {
                    const auto soft = scores("soft_widest_path", network, layer, {{"temperature", t}});
                    const double edges = static_cast<double>(layer);
                    check_at_most(widest, soft);
                    check_at_most(
                        soft, widest,
                        t * (std::log(edges) + (edges - 1) * std::log(static_cast<double>(size.tokens))));
                }
            }
        }
    }
    CHECK(networks >= 60);
}

TEST_CASE("a shown path is worth its score", "[paths]") {
    for (const char* name : {"diffuse", "peaked", "ties", "sparse", "varying_widths"}) {
        const auto network = network_generators().at(name).make()->generate({5, 7}, 11);
        const std::size_t layer = network.layers();
        for (const char* method : {"widest_path", "best_path", "shortest_path"}) {
            const AttributionProblem problem{network, layer, every_position(network.width(layer)), true};
            const Attribution result = attribution_methods().at(method).make()->attribute(problem);
            INFO(name << ", " << method);
            REQUIRE_FALSE(result.paths.empty());
            for (std::size_t s = 0; s < result.scores.rows(); ++s) {
                for (std::size_t t = 0; t < result.scores.columns(); ++t) {
                    const auto path = result.paths(s, t);
                    CHECK(path.empty() == (result.scores(s, t) == 0.0));
                    if (path.empty()) continue;
                    REQUIRE(path.size() == layer + 1);
                    CHECK(path.front() == s);
                    CHECK(path.back() == t);
                    double product = 1.0;
                    double narrowest = 1.0;
                    double length = 0.0;
                    for (std::size_t k = 0; k < layer; ++k) {
                        const double weight = network.capacity(layer - k, path[k], path[k + 1]);
                        product *= weight;
                        narrowest = std::min(narrowest, weight);
                        length += 1.0 / weight;
                    }
                    const double worth = std::string(method) == "widest_path" ? narrowest
                                         : std::string(method) == "best_path" ? product
                                                                              : 1.0 / length;
                    CHECK(result.scores(s, t) == Approx(worth).epsilon(1e-12));
                }
            }
        }
    }
}

TEST_CASE("path methods answer for all layers with the bits of single layers", "[paths]") {
    const auto network = network_generators().at("diffuse").make()->generate({4, 9}, 5);
    for (const auto& entry : attribution_methods().entries()) {
        for (const auto& sources : {std::vector<std::size_t>{3}, every_position(9)}) {
            INFO(entry.info.name);
            const auto method = entry.make();
            const auto together = method->attribute_layers({network, {1, 3, 4}, sources});
            REQUIRE(together.size() == 3);
            CHECK(together[0].scores == method->attribute({network, 1, sources}).scores);
            CHECK(together[1].scores == method->attribute({network, 3, sources}).scores);
            CHECK(together[2].scores == method->attribute({network, 4, sources}).scores);
        }
    }
}

TEST_CASE("rollout, best and widest path equal the enumeration of paths", "[paths]") {
    for (const char* name : {"diffuse", "causal", "sparse"}) {
        const auto network = network_generators().at(name).make()->generate({4, 5}, 3);
        for (std::size_t layer = 1; layer <= 4; ++layer) {
            const auto rollout = scores("rollout", network, layer);
            const auto best = scores("best_path", network, layer);
            const auto widest = scores("widest_path", network, layer);
            for (std::size_t s = 0; s < rollout.rows(); ++s) {
                for (std::size_t t = 0; t < rollout.columns(); ++t) {
                    const auto expected = testing::enumerate_paths(network, layer, s, t);
                    CHECK(rollout(s, t) == Approx(expected.sum_of_products).epsilon(1e-12));
                    CHECK(best(s, t) == Approx(expected.best_product).epsilon(1e-12));
                    CHECK(widest(s, t) == expected.widest_bottleneck);
                }
            }
        }
    }
}
