#include "experiments/findings/saturation.hpp"

#include <sstream>

#include <catch2/catch.hpp>

#include "attention/dataset.hpp"
#include "experiments/tables/run_tables.hpp"

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
    Saturation one = measure_saturation(flow, &column_sum, &rollout, all);
    CHECK(one.pairs == 8);
    CHECK(one.share(CutKind::source_row) == 0.25);
    CHECK(one.share(CutKind::sink_column) == 5.0 / 8);
    CHECK(one.share(CutKind::interior) == 1.0 / 8);
    CHECK(one.share(CutKind::crossing) == 0.0);
    CHECK(one.share_tied() == 0.25);
    CHECK(one.column_sum.rows == 2);
    CHECK(*one.column_sum.mean() == Approx((std::sqrt(0.9) + 1.0) / 2));  // ranks 3.5 3.5 2 1 with 4 3 2 1
    CHECK(one.rollout.rows == 1);
    CHECK(*one.rollout.mean() == Approx(-1.0));

    // Tied tokens that are both kept are ties, a token whose twin is not kept is none.
    const std::vector<std::size_t> some{1, 2, 3};
    const Saturation part = measure_saturation(flow, nullptr, nullptr, some);
    CHECK(part.pairs == 6);
    CHECK(part.tied == 0);
    CHECK_FALSE(part.rollout.mean().has_value());

    one.add(part);
    CHECK(one.pairs == 14);
    CHECK(one.column_sum.rows == 2);
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
    const RunResult result = run_experiment(config, dataset, 2);
    REQUIRE(result.saturation.size() == 12);  // 6 layers, with and without special tokens
    CHECK(result.grid.size() == 12);
    for (const Saturation& one : result.saturation) {
        const GridPoint& point = result.grid[one.point];
        double sum = 0.0;
        for (const CutKind kind : all_cut_kinds) sum += one.share(kind);
        CHECK(sum == Approx(1.0));
        if (point.text("positions") != "all") continue;
        INFO("layer " << point.text("layer"));
        if (*point.layer() == 1) {
            CHECK(*one.rollout.mean() == Approx(1.0));  // in layer 1 both are the matrix itself
        }
        if (*point.layer() == 6) {
            CHECK(one.share(CutKind::source_row) + one.share(CutKind::sink_column) == Approx(1.0));
            CHECK(one.share_tied() > 0.2);
            CHECK(*one.column_sum.mean() > 0.9);
            CHECK(*one.rollout.mean() < *one.column_sum.mean());
        }
    }
    const RunResult again = run_experiment(config, dataset, 1);
    CHECK(saturation_csv(again) == saturation_csv(result));
    std::istringstream lines(saturation_csv(result));
    std::string header;
    std::getline(lines, header);
    CHECK(
        header.ends_with(",pairs,source_row,sink_column,source_lane,sink_lane,crossing,interior,ties,"
                         "rank_agreement_column_sum,rank_agreement_rollout"));
    CHECK(summary_markdown(result, config, summarise(result, config)).find("ranks as column_sum") !=
          std::string::npos);
}
