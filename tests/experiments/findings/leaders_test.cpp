#include "experiments/findings/leaders.hpp"

#include <catch2/catch.hpp>

#include "experiments/study/config.hpp"

using namespace attnflow;

namespace {

GridPoint at_layer(const std::string& method, std::int64_t layer, const std::string& positions = "all") {
    return {method, {{"layer", layer}, {"positions", positions}}};
}

Config one_metric() {
    Config config;
    config.references = {{Reference::Kind::scores, "truth", "truth"}};
    config.metrics = {"spearman"};
    return config;
}

SummaryRow row(std::size_t point, std::optional<double> mean) {
    SummaryRow row{point, 0, 0};
    row.mean = mean;
    return row;
}

MethodPair pair(std::size_t first, std::size_t second, std::optional<double> p_holm) {
    MethodPair pair{first, second, 0, 0};
    pair.p_holm = p_holm;
    return pair;
}

}  // namespace

TEST_CASE("the leader has the highest mean at the first positions, and ties by test", "[leaders]") {
    Results results;
    results.grid = {at_layer("rollout", 1),
                    at_layer("rollout", 2),
                    at_layer("attention_flow", 2),
                    {"column_sum", {{"positions", std::string("all")}}},
                    at_layer("rollout", 2, "no_special")};
    Summary summary;
    summary.rows = {row(0, 0.2), row(1, 0.8), row(2, 0.7), row(3, 0.79), row(4, 0.9)};
    summary.pairs = {pair(1, 2, 0.001), pair(1, 3, 0.2), pair(0, 3, 0.9)};
    const auto found = leaders(summary, results, one_metric());
    REQUIRE(found.size() == 1);
    CHECK(found[0].point == 1);
    CHECK(found[0].tied == std::vector<std::size_t>{3});
    CHECK(found[0].text ==
          "Closest to truth: rollout in layer 2, mean spearman 0.80; no paired test tells it from column_sum.");

    summary.pairs[1].p_holm = 0.01;
    CHECK(leaders(summary, results, one_metric())[0].text ==
          "Closest to truth: rollout in layer 2, mean spearman 0.80.");

    // The leader as the second of a pair, and more names than fit a sentence.
    summary.rows[3].mean = 0.81;
    summary.pairs = {pair(0, 3, 1.0), pair(1, 3, 1.0), pair(2, 3, 1.0), pair(3, 4, 1.0)};
    CHECK(leaders(summary, results, one_metric())[0].text ==
          "Closest to truth: column_sum, mean spearman 0.81; no paired test tells it from rollout in layer 1, "
          "rollout "
          "in layer 2, attention_flow in layer 2, 1 more.");
}

TEST_CASE("a method that is the reference does not lead with itself", "[leaders]") {
    Config config = one_metric();
    config.references = {{Reference::Kind::method, "rollout", "method(rollout)"}};
    Results results;
    results.grid = {at_layer("rollout", 1), at_layer("rollout", 2), at_layer("attention_flow", 2)};
    Summary summary;
    summary.rows = {row(0, 1.0), row(1, 1.0), row(2, 0.7)};
    summary.pairs = {pair(0, 1, 1.0), pair(1, 2, 0.9)};
    CHECK(leaders(summary, results, config)[0].text ==
          "Closest to method(rollout): attention_flow in layer 2, mean spearman 0.70.");
    results.grid.pop_back();
    summary.rows.pop_back();
    CHECK(leaders(summary, results, config).empty());
}

TEST_CASE("nothing leads where no mean is above 0", "[leaders]") {
    Results results;
    results.grid = {at_layer("rollout", 1), at_layer("rollout", 2)};
    Summary summary;
    summary.rows = {row(0, -0.1), row(1, std::nullopt)};
    CHECK(leaders(summary, results, one_metric()).empty());
    CHECK(leaders({}, {}, one_metric()).empty());
}

TEST_CASE("a model metric is led by the best mean in its direction, above 0 or not", "[leaders]") {
    Config config = one_metric();
    config.model_metrics = {"comprehensiveness", "sufficiency"};
    Results results;
    results.grid = {at_layer("rollout", 1),
                    at_layer("attention_flow", 1),
                    {"column_sum", {{"positions", std::string("all")}}}};
    Summary summary;
    const auto asked = [](std::size_t point, std::size_t metric, double mean) {
        SummaryRow row{point, 1, metric};
        row.mean = mean;
        return row;
    };
    summary.rows = {asked(0, 1, -0.2), asked(1, 1, -0.1),  asked(2, 1, -0.3),
                    asked(0, 2, 0.25), asked(1, 2, 0.125), asked(2, 2, 0.5)};
    summary.pairs = {{0, 1, 1, 1}, {0, 1, 1, 2}, {1, 2, 1, 2}};
    for (MethodPair& pair : summary.pairs) pair.p_holm = pair.second == 2 ? 0.5 : 0.01;
    const auto found = leaders(summary, results, config);
    REQUIRE(found.size() == 2);
    CHECK(found[0].text == "Highest comprehensiveness: attention_flow in layer 1, mean -0.10.");
    CHECK(found[1].text ==
          "Lowest sufficiency: attention_flow in layer 1, mean 0.12; no paired test tells it from column_sum.");
    CHECK(found[1].tied == std::vector<std::size_t>{2});
}
