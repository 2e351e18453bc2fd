#include "experiments/statistics/summarise.hpp"

#include <catch2/catch.hpp>

#include "experiments/summary.hpp"
#include "graph/support/random.hpp"

using namespace attnflow;

namespace {

GridPoint at_layer(const std::string& method, std::int64_t layer) {
    return {method, {{"layer", layer}, {"positions", std::string("all")}}};
}

Config one_metric() {
    Config config;
    config.name = "made-up";
    config.references = {{Reference::Kind::scores, "truth", "truth"}};
    config.metrics = {"spearman"};
    config.statistics.resamples = 200;
    return config;
}

/// Values [point][example]; NaN: undefined, infinity: no cell.
RunResult result_of(const std::vector<GridPoint>& grid, const std::vector<std::vector<double>>& values) {
    RunResult result;
    result.grid = grid;
    for (std::size_t e = 0; e < values.front().size(); ++e) {
        result.examples.push_back("ex" + std::to_string(e));
        for (std::size_t p = 0; p < grid.size(); ++p) {
            const double value = values[p][e];
            if (std::isinf(value)) continue;
            result.rows.push_back({e, p, 0, 0, std::isnan(value) ? std::nullopt : std::optional(value)});
        }
    }
    return result;
}

constexpr double undefined = std::numeric_limits<double>::quiet_NaN();
constexpr double failed = std::numeric_limits<double>::infinity();

}  // namespace

TEST_CASE("pairs are on the examples that both methods have", "[summarise]") {
    const std::vector<GridPoint> grid{at_layer("rollout", 1),
                                      at_layer("rollout", 2),
                                      at_layer("attention_flow", 2),
                                      {"column_sum", {{"positions", std::string("all")}}}};
    const RunResult result = result_of(
        grid, {{0.1, 0.2, 0.3, 0.4}, {0.5, undefined, 0.7, 0.9}, {0.4, 0.5, failed, 0.2}, {0.4, 0.4, 0.4, 0.4}});
    Config config = one_metric();
    const Summary summary = summarise(result, config);
    REQUIRE(summary.rows.size() == 4);
    CHECK(summary.rows[1].n == 3);
    CHECK(summary.rows[1].n_undefined == 1);
    CHECK(*summary.rows[1].mean == Approx(0.7));
    CHECK(summary.rows[1].interval->low >= 0.5);
    CHECK(summary.rows[1].interval->high <= 0.9);

    // Never a method with itself; column_sum, which has no layer, with every layer.
    using Pair = std::pair<std::size_t, std::size_t>;
    std::vector<Pair> pairs;
    for (const MethodPair& pair : summary.pairs) pairs.emplace_back(pair.first, pair.second);
    CHECK(pairs == std::vector<Pair>{{0, 3}, {1, 2}, {1, 3}, {2, 3}});
    CHECK(summary.pairs[1].n == 2);
    CHECK(*summary.pairs[1].result.mean == Approx(0.4));  // of 0.1 and 0.7
    CHECK(*summary.pairs[1].result.effect_size == Approx(0.4 / std::sqrt(0.18)));
    CHECK(*summary.pairs[1].result.p == 0.5);  // 2 of 4 sign patterns
    CHECK(*summary.pairs[1].p_holm == 1.0);

    config.undefined_as_zero = true;
    const Summary with_zeros = summarise(result, config);
    CHECK(with_zeros.rows[1].n == 4);
    CHECK(*with_zeros.rows[1].mean == Approx(0.525));
    CHECK(with_zeros.pairs[1].n == 3);
    CHECK(*with_zeros.pairs[1].result.mean == Approx((0.1 - 0.5 + 0.7) / 3));
}

TEST_CASE("Holm's correction is over the pairs of one table", "[summarise]") {
    Random random(5);
    std::vector<GridPoint> grid;
    std::vector<std::vector<double>> values;
    for (const char* positions : {"all", "no_special"}) {
        for (const char* method : {"rollout", "attention_flow"}) {
            for (std::int64_t layer = 1; layer <= 3; ++layer) {
                grid.push_back({method, {{"layer", layer}, {"positions", std::string(positions)}}});
                values.emplace_back();
                for (int e = 0; e < 20; ++e) {
                    values.back().push_back(random.normal() + (method[0] == 'r' ? 0.5 : 0.0));
                }
            }
        }
    }
    const Summary summary = summarise(result_of(grid, values), one_metric());
    REQUIRE(summary.pairs.size() == 6);
    for (const std::size_t first : {0, 3}) {  // a table each: the three layers
        double smallest = 1.0;
        double adjusted = 1.0;
        for (std::size_t i = first; i < first + 3; ++i) {
            if (*summary.pairs[i].result.p >= smallest) continue;
            smallest = *summary.pairs[i].result.p;
            adjusted = *summary.pairs[i].p_holm;
        }
        CHECK(adjusted == Approx(std::min(1.0, 3 * smallest)));
    }
}

TEST_CASE("cumulative layer means pool the values, and the interval is over examples", "[summarise]") {
    const std::vector<GridPoint> grid{at_layer("rollout", 1), at_layer("rollout", 2)};
    const RunResult result = result_of(grid, {{0.0, 0.2, undefined}, {1.0, 0.8, 0.5}});
    Config config = one_metric();
    config.cumulative_layer_mean = true;
    const Summary summary = summarise(result, config);
    CHECK(summary.rows[0].n == 2);
    CHECK(summary.rows[1].n == 5);
    CHECK(summary.rows[1].n_undefined == 1);
    CHECK(*summary.rows[1].mean == Approx(0.5));
    // Each example averages to 0.5, so no resample differs.
    CHECK(summary.rows[1].interval->low == Approx(0.5));
    CHECK(summary.rows[1].interval->high == Approx(0.5));
}

TEST_CASE("tables say what is significant and where the rest is", "[summarise]") {
    std::vector<GridPoint> grid{at_layer("rollout", 1), at_layer("attention_flow", 1),
                                at_layer("raw_attention", 1)};
    std::vector<std::vector<double>> values(3);
    for (int e = 0; e < 12; ++e) {
        values[0].push_back(0.8 + 0.01 * e);
        values[1].push_back(0.3 + 0.02 * (e % 3));
        values[2].push_back(0.3 + 0.02 * ((e + 1) % 3));
    }
    const RunResult result = result_of(grid, values);
    const Config config = one_metric();
    const Summary summary = summarise(result, config);
    const std::string markdown = summary_markdown(result, config, summary);
    INFO(markdown);
    CHECK(markdown.find("| rollout - attention_flow       |   +0.54 |") != std::string::npos);
    CHECK(markdown.find("| attention_flow - raw_attention | (+0.00) |") != std::string::npos);
    CHECK(summary_csv(result, config, summary).starts_with("method,heads,"));
    CHECK(summary_csv(result, config, summary).find(",n,n_undefined,mean,std,ci_low,ci_high\n") !=
          std::string::npos);
    const std::string comparisons = comparisons_csv(result, config, summary);
    CHECK(std::count(comparisons.begin(), comparisons.end(), '\n') == 4);
    CHECK(comparisons.find("rollout,attention_flow,") != std::string::npos);
}
