#include "experiments/findings/saturation.hpp"

#include <sstream>

#include <catch2/catch.hpp>

#include "experiments/tables/result_tables.hpp"
#include "experiments/tables/summary_markdown.hpp"
#include "tests/experiments/run_in_memory.hpp"

using namespace attnflow;

namespace {

const BindingCut row{CutKind::source_row, 0}, column{CutKind::sink_column, 0}, inside{CutKind::interior, 0};

Attribution flow_of(const std::vector<std::vector<double>>& scores,
                    const std::vector<std::vector<BindingCut>>& cuts) {
    Attribution flow{.scores = RowMajor<double>(scores.size(), scores[0].size()),
                     .binding_cuts = RowMajor<BindingCut>(scores.size(), scores[0].size())};
    for (std::size_t s = 0; s < scores.size(); ++s) {
        for (std::size_t t = 0; t < scores[s].size(); ++t) {
            flow.scores(s, t) = scores[s][t];
            flow.binding_cuts(s, t) = cuts[s][t];
        }
    }
    return flow;
}

}  // namespace

TEST_CASE("cuts, ties and ranks of two sources are counted", "[saturation]") {
    const Attribution flow = flow_of({{0.5, 0.5, 0.2, 0.1}, {0.4, 0.3, 0.2, 0.1}},
                                     {{row, row, column, column}, {inside, column, column, column}});
    RowMajor<double> column_sum(1, 4);
    RowMajor<double> rollout(2, 4);
    for (std::size_t t = 0; t < 4; ++t) {
        column_sum(0, t) = 4.0 - static_cast<double>(t);
        rollout(0, t) = 0.25;  // constant: undefined
        rollout(1, t) = static_cast<double>(t);
    }
    const std::vector<std::size_t> all{0, 1, 2, 3};
    const std::vector<Bound> bounds{{"column_sum", &column_sum}, {"rollout", &rollout}};
    Saturation one = measure_saturation(flow, bounds, all);
    CHECK(one.pairs == 8);
    CHECK(one.share(CutKind::source_row) == 0.25);
    CHECK(one.share(CutKind::sink_column) == 5.0 / 8);
    CHECK(one.share(CutKind::interior) == 1.0 / 8);
    CHECK(one.share(CutKind::crossing) == 0.0);
    CHECK(one.share_tied() == 0.25);
    REQUIRE(one.ranks.size() == 2);
    CHECK(one.ranks[0].rows == 2);
    CHECK(*one.agreement("column_sum") == Approx((std::sqrt(0.9) + 1.0) / 2));  // ranks 3.5 3.5 2 1 with 4 3 2 1
    CHECK(one.ranks[1].rows == 1);
    CHECK(*one.agreement("rollout") == Approx(-1.0));

    // Tied tokens that are both kept are ties, a token whose twin is not kept is none.
    const std::vector<std::size_t> some{1, 2, 3};
    const Saturation part = measure_saturation(flow, {}, some);
    CHECK(part.pairs == 6);
    CHECK(part.tied == 0);
    CHECK_FALSE(part.agreement("rollout").has_value());

    one.add(part);
    CHECK(one.pairs == 14);
    CHECK(one.ranks[0].rows == 2);
}

TEST_CASE("flow of the deep layers of a trained model ranks tokens as column sums do", "[saturation]") {
    const std::string root = ATTNFLOW_SOURCE_DIR;
    Settings limit;
    for (const char* setting : {"dataset.limit=40", "methods=[\"attention_flow\"]"}) {
        overlay(limit, setting_from_argument(setting));
    }
    const Config config = load_config(root + "/experiments/configs/sva_tables.toml", limit);
    const Dataset dataset = Dataset::open(config.dataset.string());
    // The bounds are computed though the config does not name them.
    const auto [result, findings] = testing::run_in_memory(config, dataset, 2);
    REQUIRE(findings.saturation.size() == 12);  // 6 layers, with and without special tokens
    CHECK(result.grid.size() == 12);
    for (const Saturation& one : findings.saturation) {
        const GridPoint& point = result.grid[one.point];
        double sum = 0.0;
        for (const CutKind kind : all_cut_kinds) sum += one.share(kind);
        CHECK(sum == Approx(1.0));
        if (point.text("positions") != "all") continue;
        INFO("layer " << point.text("layer"));
        if (*point.layer() == 1) {
            CHECK(*one.agreement("rollout") == Approx(1.0));  // in layer 1 both are the matrix itself
        }
        if (*point.layer() == 6) {
            CHECK(one.share(CutKind::source_row) + one.share(CutKind::sink_column) == Approx(1.0));
            CHECK(one.share_trivial() == one.share(CutKind::source_row) + one.share(CutKind::sink_column));
            CHECK(one.share_tied() > 0.2);
            CHECK(*one.agreement("column_sum") > 0.9);
            CHECK(*one.agreement("rollout") < *one.agreement("column_sum"));
        }
    }
    const auto again = testing::run_in_memory(config, dataset, 1);
    CHECK(saturation_csv(again.result, again.findings.saturation) == saturation_csv(result, findings.saturation));
    std::istringstream lines(saturation_csv(result, findings.saturation));
    std::string header;
    std::getline(lines, header);
    CHECK(
        header.ends_with(",pairs,source_row,sink_column,source_lane,sink_lane,crossing,interior,ties,"
                         "rank_agreement_column_sum,rank_agreement_rollout"));
    CHECK(summary_markdown(result, config, findings).find("ranks as column_sum") != std::string::npos);
}

namespace {

// Flows of one method by layer of the source, all tokens counted.
struct Flows {
    std::vector<GridPoint> grid;
    std::vector<Saturation> saturation;

    void add(std::int64_t layer, std::size_t source_row, std::size_t sink_column, std::size_t interior,
             const std::string& heads = "mean") {
        grid.push_back(
            {"attention_flow", {{"layer", layer}, {"heads", heads}, {"positions", std::string("all")}}});
        Saturation one{.point = grid.size() - 1, .pairs = source_row + sink_column + interior};
        one.by_cut[static_cast<std::size_t>(CutKind::source_row)] = source_row;
        one.by_cut[static_cast<std::size_t>(CutKind::sink_column)] = sink_column;
        one.by_cut[static_cast<std::size_t>(CutKind::interior)] = interior;
        saturation.push_back(one);
    }
    std::optional<SaturationFinding> finding() const { return saturation_finding(saturation, grid); }
};

}  // namespace

TEST_CASE("saturation is said in words from the layer where trivial cuts take over", "[saturation]") {
    Flows flows;
    CHECK_FALSE(flows.finding());
    flows.add(1, 0, 0, 10);
    CHECK_FALSE(flows.finding());  // from layer 1 a flow is one edge
    flows.add(2, 5, 90, 5);
    flows.add(3, 1, 1, 98);
    CHECK(flows.finding()->title == "Flow is not saturated in the top layer");
    CHECK(flows.finding()->text ==
          "Of 100 flows from layer 3, 2 % are limited by a trivial cut: 1 % by everything that leaves the source "
          "and 1 % by everything that enters the token in layer 1. For the others the layers in between count.");
    flows.add(4, 40, 55, 5);
    CHECK(flows.finding()->title == "Flow is saturated in layer 4");
    flows.add(5, 40, 60, 0);
    CHECK(flows.finding()->title == "Flow is saturated from layer 4 on");
    CHECK(flows.finding()->is_saturated);
    CHECK(flows.finding()->first == 4);
    CHECK(flows.finding()->top == 5);
    CHECK(flows.finding()->share_trivial == 1.0);
    CHECK(flows.finding()->text.find("100 %") != std::string::npos);
}

TEST_CASE("each setting has words of its own, and points without special tokens do not count twice",
          "[saturation]") {
    Flows flows;
    flows.add(2, 50, 50, 0);
    flows.add(2, 10, 10, 80, "max");
    flows.grid.push_back(flows.grid[1].with("positions", std::string("no_special")));
    flows.saturation.push_back({.point = 2, .pairs = 1000});
    const auto findings = saturation_findings(flows.saturation, flows.grid);
    REQUIRE(findings.size() == 2);
    CHECK(findings[0].setting == GridPoint{"attention_flow", {{"heads", std::string("mean")}}});
    CHECK(findings[0].is_saturated);
    CHECK(findings[1].setting.text("heads") == "max");
    CHECK(findings[1].title == "Flow is not saturated in layer 2");
    CHECK(flows.finding()->share_trivial == Approx(0.6));
}
