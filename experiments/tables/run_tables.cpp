#include "experiments/tables/run_tables.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "attention/files/json.hpp"
#include "experiments/study/plan.hpp"
#include "experiments/tables/csv.hpp"
#include "experiments/tables/layer_table.hpp"
#include "experiments/version.hpp"

namespace attnflow {
namespace {

std::string number(const std::optional<double>& value) { return value ? fmt::format("{}", *value) : ""; }

std::string low(const std::optional<Interval>& interval) {
    return interval ? fmt::format("{}", interval->low) : "";
}
std::string high(const std::optional<Interval>& interval) {
    return interval ? fmt::format("{}", interval->high) : "";
}

std::vector<std::string> point_header() {
    std::vector<std::string> cells{"method"};
    for (const AxisInfo& axis : axes()) cells.push_back(axis.name);
    return cells;
}

std::vector<std::string> point_cells(const GridPoint& point) {
    std::vector<std::string> cells{csv_text(point.method)};
    for (const AxisInfo& axis : axes()) cells.push_back(csv_text(point.text(axis.name)));
    return cells;
}

std::vector<std::string> operator+(std::vector<std::string> left, const std::vector<std::string>& right) {
    left.insert(left.end(), right.begin(), right.end());
    return left;
}

std::string mean_cell(const SummaryRow& row) {
    if (!row.mean) return "undefined";
    return fmt::format("{:.2f}±{:.2f}", *row.mean, *row.standard_deviation);
}

std::string interval_cell(const SummaryRow& row) {
    if (!row.interval) return "";
    return fmt::format("{:.2f}..{:.2f}", row.interval->low, row.interval->high);
}

bool is_significant(const MethodPair& pair, double level) { return pair.p_holm && *pair.p_holm < 1.0 - level; }

// Brackets around what is not significant.
std::string difference_cell(const MethodPair& pair, double level) {
    if (!pair.result.mean) return "";
    const std::string difference = fmt::format("{:+.2f}", *pair.result.mean);
    return is_significant(pair, level) ? difference : "(" + difference + ")";
}

constexpr std::size_t most_rows = 40;  // of a table in summary.md

// What summary.md says of one metric, reference and set of positions.
struct Block {
    std::string title;
    LayerTable means = {};
    LayerTable intervals = {};
    LayerTable differences = {};
    bool has_intervals = false;
    bool has_differences = false;
    // Of the differences: how many are tested, and the smallest p that one of the tests can give.
    std::size_t tests = 0;
    double smallest_p = 1.0;

    std::string text(const TableLayout& layout, const StatisticsOptions& options) const {
        const auto& layers = layout.layers();
        std::string out = fmt::format("\n## {}\n\n{}", markdown_text(title),
                                      means.text(layers, "mean±std", most_rows, "summary.csv"));
        if (has_intervals) {
            out += "\n" + intervals.text(layers, fmt::format("{:g}% interval", 100.0 * options.level), most_rows,
                                         "summary.csv");
        }
        if (has_differences) out += "\n" + differences_text(layers, 1.0 - options.level);
        return out;
    }

    std::string differences_text(const std::vector<std::int64_t>& layers, double alpha) const {
        std::string out = differences.text(layers, "paired difference", most_rows, "comparisons.csv");
        if (differences.rows() > most_rows)
            out += "Shown are the rows with the largest significant differences, largest first.\n";
        const double clearest = smallest_p * static_cast<double>(tests);
        if (clearest >= alpha) {
            out += fmt::format(
                "\nNone of these can be told from 0: the smallest p-value that the test can give, {:.2g}, times\n"
                "its {} pairs is not below {:.2g}. More examples, more statistics.resamples or fewer pairs "
                "help.\n",
                smallest_p, tests, alpha);
        }
        return out;
    }
};

std::vector<Block> make_blocks(const RunResult& result, const Config& config, const Summary& summary,
                               const TableLayout& layout) {
    std::vector<Block> blocks;
    std::map<std::string, std::size_t> index;
    const auto block = [&](std::size_t reference, std::size_t metric, const GridPoint& point) -> Block& {
        const std::string title = fmt::format("{} with {}{}", config.metrics[metric],
                                              config.references[reference].text, layout.table_label(point));
        const auto [found, is_new] = index.try_emplace(title, blocks.size());
        if (is_new) blocks.push_back({title});
        return blocks[found->second];
    };
    for (const SummaryRow& row : summary.rows) {
        const GridPoint& point = result.grid[row.point];
        Block& its = block(row.reference, row.metric, point);
        its.means.set(layout.row_label(point), point.layer(), mean_cell(row));
        its.intervals.set(layout.row_label(point), point.layer(), interval_cell(row));
        its.has_intervals = its.has_intervals || row.interval.has_value();
    }
    for (const MethodPair& pair : summary.pairs) {
        const GridPoint& first = result.grid[pair.first];
        const GridPoint& second = result.grid[pair.second];
        Block& its = block(pair.reference, pair.metric, first);
        its.has_differences = its.has_differences || pair.result.interval.has_value();
        const bool significant = is_significant(pair, config.statistics.level);
        its.differences.set(layout.pair_label(first, second), first.layer() ? first.layer() : second.layer(),
                            difference_cell(pair, config.statistics.level),
                            significant ? std::abs(*pair.result.mean) : 0.0);
        if (pair.n == 0) continue;
        ++its.tests;
        its.smallest_p = std::min(its.smallest_p, smallest_p(pair.n, config.statistics, summary.largest_family));
    }
    return blocks;
}

// Symptom by layer, a table for each set of positions.
std::string saturation_block(const RunResult& result, const TableLayout& layout) {
    std::vector<std::pair<std::string, LayerTable>> tables;
    for (const Saturation& one : result.saturation) {
        const GridPoint& point = result.grid[one.point];
        const std::string title = layout.table_label(point);
        auto found = std::find_if(tables.begin(), tables.end(), [&](const auto& t) { return t.first == title; });
        if (found == tables.end()) found = tables.insert(tables.end(), {title, {}});
        const auto set = [&](const std::string& symptom, std::string cell) {
            found->second.set(layout.row_label(point) + ": " + symptom, point.layer(), std::move(cell));
        };
        const auto percent = [](double share) { return fmt::format("{:.0f}%", 100.0 * share); };
        const auto agreement = [](const RankAgreement& ranks) {
            const auto mean = ranks.mean();
            return mean ? fmt::format("{:.2f}", *mean) : "";
        };
        set("out-capacity of the source", percent(one.share(CutKind::source_row)));
        set("in-capacity of the token", percent(one.share(CutKind::sink_column)));
        set("lanes and crossings", percent(one.share(CutKind::source_lane) + one.share(CutKind::sink_lane) +
                                           one.share(CutKind::crossing)));
        set("inside the network", percent(one.share(CutKind::interior)));
        set("tied scores", percent(one.share_tied()));
        set("ranks as column_sum", agreement(one.column_sum));
        set("ranks as rollout", agreement(one.rollout));
    }
    std::string out;
    for (const auto& [title, table] : tables) {
        out +=
            fmt::format("\n## Saturation of flow{}\n\n{}", markdown_text(title),
                        table.text(layout.layers(), "cut that binds, ties, ranks", most_rows, "saturation.csv"));
    }
    if (!out.empty()) {
        out +=
            "\nShares of (source, token) pairs by the cut that limits their flow; the first two say nothing of "
            "the\n"
            "layers between. Ranks: mean Spearman correlation with the flow's two bounds at the same settings.\n";
    }
    return out;
}

std::string how_to_read(const StatisticsOptions& options, const std::vector<Block>& blocks) {
    if (blocks.empty()) return "";
    const auto some = [&](auto has) { return std::any_of(blocks.begin(), blocks.end(), has); };
    std::string out = "\nColumns are layers of the source. Mean ± standard deviation over examples";
    if (!some([](const Block& block) { return block.has_intervals; }))
        return out + "; intervals and tests need at\nleast two examples.\n";
    out += fmt::format(
        "; below, the {:g}% confidence\ninterval of the mean ({} bootstrap, {} resamples of the examples).\n",
        100.0 * options.level, options.interval == IntervalKind::bca ? "BCa" : "percentile", options.resamples);
    if (some([](const Block& block) { return block.has_differences; })) {
        out += fmt::format(
            "Paired differences: mean of first minus second method on the same examples; in brackets when a\n"
            "paired {} test, Holm-corrected over all pairs of the table, cannot tell it from 0 at level {:.2g}.\n"
            "comparisons.csv has their intervals, p-values and effect sizes.\n",
            options.test == PairedTest::permutation ? "permutation" : "bootstrap", 1.0 - options.level);
    }
    return out;
}

// A method that lacks an axis of the method it should be compared with has no values; said in words,
// because nothing in a table tells.
std::string not_compared(const RunResult& result, const Config& config) {
    std::string out;
    for (std::size_t r = 0; r < config.references.size(); ++r) {
        if (config.references[r].kind != Reference::Kind::method) continue;
        std::set<std::string> compared;
        for (const ResultRow& row : result.rows) {
            if (row.reference == r) compared.insert(result.grid[row.point].method);
        }
        std::set<std::string> missing;
        for (const GridPoint& point : result.grid) {
            const bool takes_all = reference_point(config.references[r], point).has_value();
            if (!takes_all && !compared.contains(point.method)) missing.insert(point.method);
        }
        if (missing.empty()) continue;
        out += fmt::format("\nNot compared with {}: {}, for want of an axis that {} takes.\n",
                           config.references[r].text, join({missing.begin(), missing.end()}, ", "),
                           config.references[r].name);
    }
    return out;
}

}  // namespace

std::string results_csv(const RunResult& result, const Config& config) {
    std::string out =
        csv_line(point_header() + std::vector<std::string>{"reference", "metric", "example", "value"});
    for (const ResultRow& row : result.rows) {
        out += csv_line(point_cells(result.grid[row.point]) +
                        std::vector<std::string>{csv_text(config.references[row.reference].text),
                                                 csv_text(config.metrics[row.metric]),
                                                 csv_text(result.examples[row.example]), number(row.value)});
    }
    return out;
}

std::string summary_csv(const RunResult& result, const Config& config, const Summary& summary) {
    std::string out = csv_line(point_header() + std::vector<std::string>{"reference", "metric", "n", "n_undefined",
                                                                         "mean", "std", "ci_low", "ci_high"});
    for (const SummaryRow& row : summary.rows) {
        out += csv_line(point_cells(result.grid[row.point]) +
                        std::vector<std::string>{
                            csv_text(config.references[row.reference].text), csv_text(config.metrics[row.metric]),
                            fmt::format("{}", row.n), fmt::format("{}", row.n_undefined), number(row.mean),
                            number(row.standard_deviation), low(row.interval), high(row.interval)});
    }
    return out;
}

std::string comparisons_csv(const RunResult& result, const Config& config, const Summary& summary) {
    std::vector<std::string> header{"first", "second"};
    for (const AxisInfo& axis : axes()) header.push_back(axis.name);
    std::string out =
        csv_line(header + std::vector<std::string>{"reference", "metric", "n", "mean_difference", "ci_low",
                                                   "ci_high", "p", "p_holm", "effect_size"});
    for (const MethodPair& pair : summary.pairs) {
        const GridPoint& first = result.grid[pair.first];
        const GridPoint& second = result.grid[pair.second];
        std::vector<std::string> cells{csv_text(first.method), csv_text(second.method)};
        for (const AxisInfo& axis : axes()) {
            cells.push_back(csv_text((first.has(axis.name) ? first : second).text(axis.name)));
        }
        out +=
            csv_line(cells + std::vector<std::string>{
                                 csv_text(config.references[pair.reference].text),
                                 csv_text(config.metrics[pair.metric]), fmt::format("{}", pair.n),
                                 number(pair.result.mean), low(pair.result.interval), high(pair.result.interval),
                                 number(pair.result.p), number(pair.p_holm), number(pair.result.effect_size)});
    }
    return out;
}

std::string saturation_csv(const RunResult& result) {
    std::vector<std::string> header = point_header();
    header.push_back("pairs");
    for (const CutKind kind : all_cut_kinds) header.push_back(to_string(kind));
    std::string out =
        csv_line(header + std::vector<std::string>{"ties", "rank_agreement_column_sum", "rank_agreement_rollout"});
    for (const Saturation& one : result.saturation) {
        std::vector<std::string> cells = point_cells(result.grid[one.point]);
        cells.push_back(fmt::format("{}", one.pairs));
        for (const CutKind kind : all_cut_kinds) cells.push_back(number(one.share(kind)));
        out += csv_line(cells + std::vector<std::string>{number(one.share_tied()), number(one.column_sum.mean()),
                                                         number(one.rollout.mean())});
    }
    return out;
}

std::string pruning_csv(const RunResult& result) {
    std::string out = csv_line(point_header() + std::vector<std::string>{"mean_share", "largest_share"});
    for (const PruningShares& shares : result.pruning) {
        out += csv_line(point_cells(result.grid[shares.point]) +
                        std::vector<std::string>{number(shares.mean), number(shares.largest)});
    }
    return out;
}

std::string attributions_csv(const RunResult& result) {
    std::string out = csv_line(point_header() +
                               std::vector<std::string>{"example", "position", "token", "score", "binding_cut"});
    for (const AttributionRow& row : result.attributions) {
        const auto cells = point_cells(result.grid[row.point]);
        for (std::size_t t = 0; t < row.scores.size(); ++t) {
            out += csv_line(
                cells + std::vector<std::string>{csv_text(result.examples[row.example]), fmt::format("{}", t),
                                                 csv_text(result.tokens[row.example][t]), number(row.scores[t]),
                                                 row.cuts.empty() ? "" : row.cuts[t].text()});
        }
    }
    return out;
}

std::string failures_csv(const RunResult& result) {
    std::string out = csv_line(point_header() + std::vector<std::string>{"example", "message"});
    for (const Failure& failure : result.failures) {
        out += csv_line(
            point_cells(result.grid[failure.point]) +
            std::vector<std::string>{csv_text(result.examples[failure.example]), csv_text(failure.message)});
    }
    return out;
}

std::string summary_markdown(const RunResult& result, const Config& config, const Summary& summary) {
    const TableLayout layout(result.grid);
    std::string out =
        fmt::format("# {}\n\n{}; {}.\n", markdown_text(config.name), counted(result.examples.size(), "example"),
                    layout.fixed().empty() ? "every axis varies" : join(layout.fixed(), ", "));
    if (!result.failures.empty()) {
        out += fmt::format("\n**{} failed**, see failures.csv; missing below.\n",
                           counted(result.failures.size(), "cell"));
    }
    out += not_compared(result, config);
    const auto blocks = make_blocks(result, config, summary, layout);
    out += how_to_read(config.statistics, blocks);
    for (const Block& block : blocks) out += block.text(layout, config.statistics);
    std::size_t undefined = 0;
    for (const SummaryRow& row : summary.rows) undefined += row.n_undefined;
    if (undefined > 0) {
        out += fmt::format("\n{} values are undefined (a side is constant, or too few tokens); they {}.\n",
                           undefined, config.undefined_as_zero ? "count as 0" : "are left out of the means");
    }
    out += saturation_block(result, layout);
    if (!result.pruning.empty()) {
        LayerTable body;
        for (const PruningShares& shares : result.pruning) {
            const GridPoint& point = result.grid[shares.point];
            body.set(layout.row_label(point), point.layer(), fmt::format("{:.1f}%", 100.0 * shares.mean));
        }
        out += "\n## Pruning\n\nShare of the attention that pruning dropped, mean over examples.\n\n" +
               body.text(layout.layers(), "method", most_rows, "pruning.csv");
    }
    if (result.fixed_point) {
        out += fmt::format(
            "\nFlows in fixed point: {} fractional bits, error at most {:.1e}; {} positive weights "
            "rounded to 0.\n",
            result.fixed_point->bits, result.fixed_point->error_bound, result.fixed_point->rounded_to_zero);
    }
    return out;
}

std::string run_json(const RunResult& result, const Config& config) {
    Json json;
    json["attnflow"] = version();
    json["config"] = config.name;
    json["settings"] = config.given;
    json["examples"] = result.examples;
    json["grid_points"] = result.grid.size();
    json["failures"] = result.failures.size();
    json["largest_row_sum_deviation"] = result.largest_row_sum_deviation;
    if (result.fixed_point) {
        json["fixed_point"] = {{"bits", result.fixed_point->bits},
                               {"error_bound", result.fixed_point->error_bound},
                               {"rounded_to_zero", result.fixed_point->rounded_to_zero}};
    }
    return escape_controls_keep_lines(json.dump(2, JsonText::repaired)) + "\n";
}

}  // namespace attnflow
