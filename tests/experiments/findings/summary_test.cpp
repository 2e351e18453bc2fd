#include "experiments/findings/summary.hpp"

#include <catch2/catch.hpp>

#include "experiments/statistics/holm.hpp"
#include "experiments/study/config.hpp"
#include "experiments/tables/result_tables.hpp"
#include "experiments/tables/summary_markdown.hpp"
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
Results result_of(const std::vector<GridPoint>& grid, const std::vector<std::vector<double>>& values) {
    Results result;
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
    const Results result = result_of(
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

TEST_CASE("a metric without any value is known by it", "[summarise]") {
    const std::vector<GridPoint> grid{at_layer("rollout", 1), at_layer("rollout", 2)};
    Config config = one_metric();
    config.metrics = {"spearman", "pearson"};  // pearson was not compared at all
    const auto names = [&](const std::vector<std::vector<double>>& values) {
        return metrics_without_value(summarise(result_of(grid, values), config), config);
    };
    CHECK(names({{undefined, undefined}, {undefined, failed}}) == std::vector<std::string>{"spearman"});
    CHECK(names({{undefined, undefined}, {undefined, 0.5}}).empty());
    CHECK(names({{failed, failed}, {failed, failed}}).empty());
    config.undefined_as_zero = true;
    CHECK(names({{undefined, undefined}, {undefined, undefined}}).empty());
}

TEST_CASE("Holm's correction is over the pairs of one table, all heads and layers", "[summarise]") {
    Random random(5);
    std::vector<GridPoint> grid;
    std::vector<std::vector<double>> values;
    for (const char* positions : {"all", "no_special"}) {
        for (const char* heads : {"mean", "max"}) {
            for (const char* method : {"rollout", "attention_flow"}) {
                for (std::int64_t layer = 1; layer <= 3; ++layer) {
                    grid.push_back(at_layer(method, layer));
                    grid.back().values["positions"] = std::string(positions);
                    grid.back().values["heads"] = std::string(heads);
                    values.emplace_back();
                    for (int e = 0; e < 20; ++e) {
                        values.back().push_back(random.normal() + (method[0] == 'r' ? 0.5 : 0.0));
                    }
                }
            }
        }
    }
    const Results result = result_of(grid, values);
    const Summary summary = summarise(result, one_metric());
    REQUIRE(summary.pairs.size() == 12);
    CHECK(summary.largest_family == 6);
    for (const std::size_t first : {0, 6}) {  // a table each: two heads, three layers
        std::vector<double> p;
        for (std::size_t i = first; i < first + 6; ++i) p.push_back(*summary.pairs[i].result.p);
        const auto adjusted = holm(p);
        for (std::size_t i = 0; i < 6; ++i) CHECK(*summary.pairs[first + i].p_holm == adjusted[i]);
        CHECK(*std::min_element(adjusted.begin(), adjusted.end()) ==
              Approx(std::min(1.0, 6 * *std::min_element(p.begin(), p.end()))));
    }
    const std::string markdown = summary_markdown(result, one_metric(), {summary});
    std::size_t tables = 0;
    for (auto at = markdown.find("| paired difference"); at != std::string::npos;
         at = markdown.find("| paired difference", at + 1))
        ++tables;
    CHECK(tables == 2);
}

TEST_CASE("cumulative layer means pool the values, and the interval is over examples", "[summarise]") {
    const std::vector<GridPoint> grid{at_layer("rollout", 1), at_layer("rollout", 2)};
    const Results result = result_of(grid, {{0.0, 0.2, undefined}, {1.0, 0.8, 0.5}});
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
    const Results result = result_of(grid, values);
    const Config config = one_metric();
    const Summary summary = summarise(result, config);
    const std::string markdown = summary_markdown(result, config, {summary});
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

TEST_CASE("methods that differ by rounding alone are not told apart", "[summarise]") {
    std::vector<std::vector<double>> values(2);
    for (int e = 0; e < 12; ++e) {
        values[0].push_back(0.1 * (e % 5));
        values[1].push_back(values[0].back() - 1e-13 * (1 + e));
    }
    const Results result = result_of({at_layer("rollout", 1), at_layer("attention_flow", 1)}, values);
    const Summary summary = summarise(result, one_metric());
    CHECK(*summary.pairs.front().result.mean == 0.0);
    CHECK(*summary.pairs.front().p_holm == 1.0);
    CHECK(summary_markdown(result, one_metric(), {summary}).find("| (+0.00) |") != std::string::npos);
}

TEST_CASE("summary.md explains only the tables that are there", "[summarise]") {
    const std::vector<GridPoint> grid{at_layer("rollout", 1), at_layer("attention_flow", 1)};
    const auto markdown_of = [&](const Results& result) {
        return summary_markdown(result, one_metric(), {summarise(result, one_metric())});
    };
    const std::string of_one = markdown_of(result_of(grid, {{0.5}, {0.4}}));
    INFO(of_one);
    CHECK(of_one.find("0.50±0.00") != std::string::npos);
    CHECK(of_one.find("intervals and tests need at\nleast two examples") != std::string::npos);
    for (const char* absent : {"% interval", "paired", "bootstrap"})
        CHECK(of_one.find(absent) == std::string::npos);

    const std::string of_two = markdown_of(result_of(grid, {{0.5, 0.6}, {0.4, 0.3}}));
    INFO(of_two);
    CHECK(of_two.find("% interval") != std::string::npos);
    CHECK(of_two.find("| rollout - attention_flow | (+0.20) |") != std::string::npos);
    CHECK(of_two.find("None of these can be told from 0: the smallest p-value that the test can give, 0.5, times\n"
                      "its 1 pairs") != std::string::npos);

    CHECK(markdown_of(result_of(grid, {{failed, failed}, {failed, failed}})).find("Columns") == std::string::npos);
}

TEST_CASE("of too many differences, summary.md shows the largest significant ones", "[summarise]") {
    std::vector<GridPoint> grid;
    std::vector<std::vector<double>> values;
    for (int head = 0; head < 50; ++head) {
        for (const char* method : {"rollout", "attention_flow"}) {
            grid.push_back(at_layer(method, 1));
            grid.back().values["heads"] = fmt::format("single({})", head);
            values.emplace_back();
            for (int e = 0; e < 20; ++e) {
                // Steady differences of 0.01 x head; in head 0 a larger one by a single example.
                double value = 0.1 + 0.001 * (e % 3);
                if (method[0] == 'r') value += head == 0 ? (e == 0 ? 100.0 : 0.0) : 0.01 * head;
                values.back().push_back(value);
            }
        }
    }
    const Results result = result_of(grid, values);
    const Summary summary = summarise(result, one_metric());
    const std::string all = summary_markdown(result, one_metric(), {summary});
    const std::string markdown = all.substr(all.find("| paired difference"));
    INFO(markdown);
    const auto place = [&](int head) { return markdown.find(fmt::format("heads single({}))", head)); };
    CHECK(place(49) < place(48));
    CHECK(place(48) < place(11));
    CHECK(place(10) != std::string::npos);
    for (const int head : {0, 1, 9}) CHECK(place(head) == std::string::npos);
    CHECK(markdown.find("10 more rows: comparisons.csv.\nShown are the rows with the largest significant "
                        "differences, largest first.\n") != std::string::npos);
    CHECK(markdown.find("None of these") == std::string::npos);
}
