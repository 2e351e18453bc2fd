#include "experiments/tables/headline.hpp"

#include <algorithm>

#include <catch2/catch.hpp>

#include "experiments/study/config.hpp"
#include "graph/support/text.hpp"

using namespace attnflow;

namespace {

Config config_with(std::vector<std::string> references) {
    Config config;
    config.name = "made-up";
    for (const std::string& name : references) config.references.push_back({Reference::Kind::scores, name, name});
    config.metrics = {"spearman", "pearson"};
    return config;
}

SummaryRow row(std::size_t point, std::size_t reference, double mean, std::size_t metric = 0) {
    SummaryRow row{point, reference, metric};
    row.mean = mean;
    row.n = 2;
    row.standard_deviation = 0.1;
    return row;
}

std::size_t lines_of(const std::string& text) {
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace

TEST_CASE("the headline of a run: means of the first metric, and the leader", "[tables]") {
    Results results;
    results.examples = {"a", "b"};
    results.grid = {
        {"rollout", {{"layer", std::int64_t{1}}}}, {"rollout", {{"layer", std::int64_t{2}}}}, {"column_sum", {}}};
    Findings findings;
    findings.summary.rows = {row(0, 0, 0.25), row(1, 0, -0.5), row(2, 0, 0.375), row(0, 0, 0.9, 1)};
    CHECK(headline_text(results, config_with({"truth"}), findings) ==
          "made-up: 2 examples, 3 grid points\n"
          "\n"
          "mean spearman±std         L1         L2   no layer\n"
          "with truth\n"
          "  rollout          0.25±0.10 -0.50±0.10\n"
          "  column_sum                             0.38±0.10\n"
          "\n"
          "Closest to truth: column_sum, mean spearman 0.38.\n");
}

TEST_CASE("a headline fits one screen whatever was run", "[tables]") {
    Results results;
    results.examples = {"a"};
    Findings findings;
    for (std::int64_t layer = 1; layer <= 48; ++layer) {
        for (std::int64_t skip = 0; skip < 30; ++skip) {
            results.grid.push_back(
                {"attention_flow", {{"layer", layer}, {"skip_weight", 0.01 * static_cast<double>(skip)}}});
            for (std::size_t reference = 0; reference < 4; ++reference)
                findings.summary.rows.push_back(
                    row(results.grid.size() - 1, reference, 0.02 * static_cast<double>(skip)));
        }
    }
    const std::string text = headline_text(results, config_with({"a", "b", "c", "d"}), findings);
    CHECK(lines_of(text) <= 20);
    CHECK_THAT(text, Catch::Contains("L48") && Catch::Contains("skip_weight 0.29") &&
                         !Catch::Contains("skip_weight 0.1)"));
    CHECK_THAT(text, Catch::Contains("50 rows more"));
    std::size_t begin = 0;
    while (begin < text.size()) {
        const std::size_t end = text.find('\n', begin);
        CHECK(display_width(text.substr(begin, end - begin)) <= 100);
        begin = end + 1;
    }
}

TEST_CASE("beside model metrics each group says what it shows, and keeps the best in its direction", "[tables]") {
    Results results;
    results.examples = {"a", "b"};
    Findings findings;
    for (std::int64_t layer = 1; layer <= 7; ++layer) {
        results.grid.push_back({fmt::format("method_{}", layer), {}});
        findings.summary.rows.push_back(row(results.grid.size() - 1, 1, 0.1 * static_cast<double>(layer), 2));
    }
    findings.summary.rows.push_back(row(0, 0, 0.25));
    Config config = config_with({"truth"});
    config.model_metrics = {"sufficiency"};
    const std::string text = headline_text(results, config, findings);
    CHECK_THAT(text, Catch::Contains("mean±std     no layer\nspearman with truth\n  method_1") &&
                         Catch::Contains("sufficiency (smaller is better)\n  method_1") &&
                         Catch::Contains("and 2 rows more; shown are those with the best means") &&
                         !Catch::Contains("method_6") &&
                         Catch::Contains("Lowest sufficiency: method_1, mean 0.10."));
}
