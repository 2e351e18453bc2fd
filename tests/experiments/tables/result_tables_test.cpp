#include "experiments/tables/result_tables.hpp"

#include <algorithm>

#include <catch2/catch.hpp>

#include "experiments/study/config.hpp"

using namespace attnflow;

namespace {

Config config() {
    Config config;
    config.references.push_back({Reference::Kind::scores, "truth", "truth"});
    config.metrics = {"spearman", "pearson"};
    return config;
}

/// Two examples; a method with a layer and one without.
Results results() {
    Results results;
    results.examples = {"a,1", "b"};
    results.tokens = {{"[CLS]", "hi"}, {"=x"}};
    results.words.resize(2);
    results.word_texts.resize(2);
    results.grid = {{"rollout", {{"layer", std::int64_t{2}}}}, {"column_sum", {}}};
    results.rows = {{0, 0, 0, 1, 0.25}, {1, 1, 0, 0, std::nullopt}};
    return results;
}

/// Column `name` of a CSV without quoted cells, from line `line` (0 is the header); "no such column" else.
std::string cell(const std::string& csv, const std::string& name, std::size_t line) {
    std::vector<std::vector<std::string>> lines(1, {""});
    for (const char c : csv) {
        if (c == '\n') {
            lines.push_back({""});
        } else if (c == ',') {
            lines.back().emplace_back();
        } else {
            lines.back().back() += c;
        }
    }
    for (std::size_t i = 0; i < lines.front().size(); ++i) {
        if (lines.front()[i] == name) return lines.at(line).at(i);
    }
    return "no such column";
}

}  // namespace

TEST_CASE("results.csv: method, axes, what is compared, example, value; nothing where there is none", "[tables]") {
    Results two = results();
    two.examples[0] = "a";
    const std::string csv = results_csv(two, config());
    CHECK(csv.starts_with("method,"));
    CHECK(csv.find(",reference,metric,example,value\n") != std::string::npos);
    CHECK(cell(csv, "method", 1) == "rollout");
    CHECK(cell(csv, "layer", 1) == "2");
    CHECK(cell(csv, "reference", 1) == "truth");
    CHECK(cell(csv, "metric", 1) == "pearson");
    CHECK(cell(csv, "example", 1) == "a");
    CHECK(cell(csv, "value", 1) == "0.25");
    CHECK(cell(csv, "method", 2) == "column_sum");
    CHECK(cell(csv, "layer", 2).empty());
    CHECK(cell(csv, "value", 2).empty());
    CHECK(results_csv(results(), config()).find("\"a,1\"") != std::string::npos);
}

TEST_CASE("summary.csv and the table that charts draw from have the same columns and cells", "[tables]") {
    Summary summary;
    summary.rows = {{.point = 0,
                     .reference = 0,
                     .metric = 0,
                     .n = 3,
                     .n_undefined = 1,
                     .mean = 0.5,
                     .standard_deviation = 0.125,
                     .interval = Interval{-0.25, 0.75}},
                    {.point = 1, .reference = 0, .metric = 0, .n = 0, .n_undefined = 4}};
    const std::string csv = summary_csv(results(), config(), summary);
    CHECK(csv.find(",n,n_undefined,mean,std,ci_low,ci_high\n") != std::string::npos);
    CHECK(csv.find(",truth,spearman,3,1,0.5,0.125,-0.25,0.75\n") != std::string::npos);
    CHECK(csv.ends_with(",truth,spearman,0,4,,,,\n"));
    const Table table = summary_table(results(), config(), summary);
    CHECK(table.columns.front() == "method");
    CHECK(table.columns.back() == "ci_high");
    REQUIRE(table.rows.size() == 2);
    CHECK(cell_text(table.rows[0].back()) == "0.75");
    CHECK(cell_text(table.rows[1].back()).empty());
}

TEST_CASE("comparisons.csv: both methods, the axes that they share, what the test says", "[tables]") {
    Summary summary;
    MethodPair pair{.first = 0, .second = 1, .reference = 0, .metric = 1, .n = 2};
    pair.result.mean = -0.5;
    pair.result.p = 0.03125;
    pair.p_holm = 0.0625;
    summary.pairs = {pair};
    const std::string csv = comparisons_csv(results(), config(), summary);
    CHECK(csv.starts_with("first,second,"));
    CHECK(cell(csv, "first", 1) == "rollout");
    CHECK(cell(csv, "second", 1) == "column_sum");
    CHECK(cell(csv, "layer", 1) == "2");
    CHECK(cell(csv, "metric", 1) == "pearson");
    CHECK(cell(csv, "mean_difference", 1) == "-0.5");
    CHECK(cell(csv, "p", 1) == "0.03125");
    CHECK(cell(csv, "p_holm", 1) == "0.0625");
    CHECK(cell(csv, "ci_low", 1).empty());
}

TEST_CASE("attributions.csv: a line a compared token, names that no spreadsheet takes for a formula", "[tables]") {
    Results two = results();
    two.examples[0] = "a";
    two.attributions = {{0, 1, {0.75, 0.25}, {}}, {1, 1, {1.0}, {}}};
    const std::string csv = attributions_csv(two);
    CHECK(cell(csv, "example", 2) == "a");
    CHECK(cell(csv, "position", 2) == "1");
    CHECK(cell(csv, "token", 2) == "hi");
    CHECK(cell(csv, "score", 2) == "0.25");
    CHECK(cell(csv, "token", 3) == "'=x");
    CHECK(cell(csv, "binding_cut", 3).empty());
}

TEST_CASE("attributions.csv in words: a line a word, whose column is there where the grid asks for it",
          "[tables]") {
    Results two = results();
    CHECK(cell(attributions_csv(two), "units", 0) == "no such column");
    two.examples[0] = "a";
    two.tokens[0] = {"[CLS]", "key", "##s", "turn"};
    two.special_tokens = {"[CLS]"};
    two.words = {{0, 1, 3}, {0}};
    two.word_texts = {{"[CLS]", "keys", "turn"}, {"=x"}};
    two.grid = {{"rollout", {{"units", std::string("words")}, {"positions", std::string("no_special")}}}};
    two.attributions = {{0, 0, {0.75, 0.25, 0.5}, {}}};
    const std::string csv = attributions_csv(two);
    CHECK(std::count(csv.begin(), csv.end(), '\n') == 3);
    CHECK(cell(csv, "units", 1) == "words");
    CHECK(cell(csv, "position", 1) == "1");
    CHECK(cell(csv, "token", 1) == "keys");
    CHECK(cell(csv, "score", 1) == "0.25");
    CHECK(cell(csv, "token", 2) == "turn");
    CHECK(cell(csv, "score", 2) == "0.5");
}

TEST_CASE("failures.csv: the cell and its message on one line", "[tables]") {
    Results two = results();
    two.failures = {{1, 0, "first\nsecond"}};
    const std::string csv = failures_csv(two);
    CHECK(cell(csv, "example", 1) == "b");
    CHECK(cell(csv, "layer", 1) == "2");
    CHECK(cell(csv, "message", 1) == "first\\u000asecond");
}
