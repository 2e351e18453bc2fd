#include "experiments/tables/summary_markdown.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include <fmt/format.h>

#include "experiments/study/config.hpp"
#include "experiments/study/grid_labels.hpp"
#include "experiments/study/measures.hpp"
#include "experiments/study/plan.hpp"
#include "experiments/tables/layer_table.hpp"

namespace attnflow {
namespace {

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

    std::string text(const GridLabels& labels, const StatisticsOptions& options) const {
        const auto& layers = labels.layers();
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

std::vector<Block> make_blocks(const Results& result, const Config& config, const Summary& summary,
                               const GridLabels& labels) {
    std::vector<Block> blocks;
    std::map<std::string, std::size_t> index;
    const auto block = [&](std::size_t reference, std::size_t metric, const GridPoint& point) -> Block& {
        const std::string title = measure_label(config, {reference, metric}) + labels.table_label(point);
        const auto [found, is_new] = index.try_emplace(title, blocks.size());
        if (is_new) blocks.push_back({title});
        return blocks[found->second];
    };
    for (const SummaryRow& row : summary.rows) {
        const GridPoint& point = result.grid[row.point];
        Block& its = block(row.reference, row.metric, point);
        its.means.set(labels.row_label(point), point.layer(), mean_cell(row));
        its.intervals.set(labels.row_label(point), point.layer(), interval_cell(row));
        its.has_intervals = its.has_intervals || row.interval.has_value();
    }
    for (const MethodPair& pair : summary.pairs) {
        const GridPoint& first = result.grid[pair.first];
        const GridPoint& second = result.grid[pair.second];
        Block& its = block(pair.reference, pair.metric, first);
        its.has_differences = its.has_differences || pair.result.interval.has_value();
        const bool significant = is_significant(pair, config.statistics.level);
        its.differences.set(labels.pair_label(first, second), first.layer() ? first.layer() : second.layer(),
                            difference_cell(pair, config.statistics.level),
                            significant ? std::abs(*pair.result.mean) : 0.0);
        if (pair.n == 0) continue;
        ++its.tests;
        its.smallest_p = std::min(its.smallest_p, smallest_p(pair.n, config.statistics, summary.largest_family));
    }
    return blocks;
}

// Kinds of one group are taken together, in the order of the vocabulary.
std::vector<std::pair<std::string, double>> shares_by_group(const Saturation& saturation) {
    std::vector<std::pair<std::string, double>> groups;
    for (const CutShape& shape : cut_shapes()) {
        if (groups.empty() || groups.back().first != shape.group) groups.push_back({shape.group, 0.0});
        groups.back().second += saturation.share(shape.kind);
    }
    return groups;
}

std::string trivial_groups() {
    std::vector<std::string> names;
    for (const CutShape& shape : cut_shapes()) {
        if (shape.is_trivial) names.emplace_back(shape.group);
    }
    return join(names, " and ");
}

// Symptom by layer, a table for each set of positions.
std::string saturation_block(const std::vector<Saturation>& saturation, const std::vector<GridPoint>& grid,
                             const GridLabels& labels) {
    std::vector<std::pair<std::string, LayerTable>> tables;
    for (const Saturation& one : saturation) {
        const GridPoint& point = grid[one.point];
        const std::string title = labels.table_label(point);
        auto found = std::find_if(tables.begin(), tables.end(), [&](const auto& t) { return t.first == title; });
        if (found == tables.end()) found = tables.insert(tables.end(), {title, {}});
        const auto set = [&](const std::string& symptom, std::string cell) {
            found->second.set(labels.row_label(point) + ": " + symptom, point.layer(), std::move(cell));
        };
        const auto percent = [](double share) { return fmt::format("{:.0f}%", 100.0 * share); };
        for (const auto& [group, share] : shares_by_group(one)) set(group, percent(share));
        set("tied scores", percent(one.share_tied()));
        for (const RankAgreement& ranks : one.ranks) {
            const auto mean = ranks.mean();
            set("ranks as " + ranks.method, mean ? fmt::format("{:.2f}", *mean) : "");
        }
    }
    std::string out;
    for (const auto& [title, table] : tables) {
        out +=
            fmt::format("\n## Saturation of flow{}\n\n{}", markdown_text(title),
                        table.text(labels.layers(), "cut that binds, ties, ranks", most_rows, "saturation.csv"));
    }
    if (!out.empty()) {
        out += fmt::format(
            "\nShares of (source, token) pairs by the cut that limits their flow; {} say\n"
            "nothing of the layers between. Ranks: mean Spearman correlation with that method at the same "
            "settings.\n",
            trivial_groups());
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
std::string not_compared(const Results& result, const Config& config) {
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
        out += fmt::format("\nNot compared with {}: {}, because an axis that {} takes is missing there.\n",
                           markdown_text(config.references[r].text),
                           markdown_text(join({missing.begin(), missing.end()}, ", ")),
                           markdown_text(config.references[r].name));
    }
    return out;
}

// How much of the attention pruning dropped, by layer.
std::string pruning_block(const Results& result, const GridLabels& labels) {
    if (result.pruning.empty()) return "";
    LayerTable body;
    for (const PruningShares& shares : result.pruning) {
        const GridPoint& point = result.grid[shares.point];
        body.set(labels.row_label(point), point.layer(), fmt::format("{:.1f}%", 100.0 * shares.mean));
    }
    return "\n## Pruning\n\nShare of the attention that pruning dropped, mean over examples.\n\n" +
           body.text(labels.layers(), "method", most_rows, "pruning.csv");
}

// What methods say of how they came to their answers.
std::string diagnostics_block(const std::vector<DiagnosticFinding>& numbers) {
    if (numbers.empty()) return "";
    std::string out =
        "\n## Diagnostics\n\nWhat methods say of how they came to their scores, over examples and layers.\n\n"
        "| method | diagnostic | n | min | mean | max |\n|---|---|---|---|---|---|\n";
    for (std::size_t i = 0; i < std::min(numbers.size(), most_rows); ++i) {
        const DiagnosticFinding& one = numbers[i];
        out += fmt::format("| {} | {} | {} | {:.4g} | {:.4g} | {:.4g} |\n", markdown_text(one.label),
                           markdown_text(one.name), one.n, one.least, one.mean, one.largest);
    }
    if (numbers.size() > most_rows)
        out += fmt::format("\n... and {} more in diagnostics.csv\n", numbers.size() - most_rows);
    return out;
}

std::string undefined_note(const Summary& summary, const Config& config) {
    std::size_t undefined = 0;
    for (const SummaryRow& row : summary.rows) undefined += row.n_undefined;
    if (undefined == 0) return "";
    return fmt::format("\n{} values are undefined (a side is constant, or too few tokens); they {}.\n", undefined,
                       config.undefined_as_zero ? "count as 0" : "are left out of the means");
}

}  // namespace

std::string summary_markdown(const Results& result, const Config& config, const Findings& findings) {
    const GridLabels labels(result.grid);
    std::string out =
        fmt::format("# {}\n\n{}; {}.\n", markdown_text(config.name), counted(result.examples.size(), "example"),
                    labels.fixed().empty() ? "every axis varies" : markdown_text(join(labels.fixed(), ", ")));
    if (!result.failures.empty()) {
        out += fmt::format("\n**{} failed**, see failures.csv; missing below.\n",
                           counted(result.failures.size(), "cell"));
    }
    for (const EqualValues& one : findings.equal)
        out += fmt::format("\n**{}.** {}\n", markdown_text(one.title), markdown_text(one.text));
    for (const Contradiction& one : findings.contradictions)
        out += fmt::format("\n**{}.** {}\n", markdown_text(one.title), markdown_text(one.text));
    for (const DoubtFinding& one : findings.diagnostics.doubts)
        out += fmt::format("\n**{}.** {}\n", markdown_text(one.title), markdown_text(one.text));
    out += not_compared(result, config);
    const auto blocks = make_blocks(result, config, findings.summary, labels);
    out += how_to_read(config.statistics, blocks);
    for (const Block& block : blocks) out += block.text(labels, config.statistics);
    out += undefined_note(findings.summary, config);
    out += saturation_block(findings.saturation, result.grid, labels);
    out += pruning_block(result, labels);
    out += diagnostics_block(findings.diagnostics.numbers);
    if (result.fixed_point) {
        out += fmt::format(
            "\nFlows in fixed point: {} fractional bits, error at most {:.1e}; {} positive weights "
            "rounded to 0.\n",
            result.fixed_point->bits, result.fixed_point->error_bound, result.fixed_point->rounded_to_zero);
    }
    return out;
}

}  // namespace attnflow
