#include "experiments/tables/result_tables.hpp"

#include "experiments/study/config.hpp"
#include "experiments/study/measures.hpp"
#include "experiments/study/point_options.hpp"
#include "experiments/tables/columns.hpp"

namespace attnflow {
namespace {

/// Method and axes of rows that have a member `point`.
template <class Row>
Columns<Row> point_columns(const Results& result) {
    Columns<Row> columns;
    columns.add_point(result.grid,
                      [&result](const Row& row) -> const GridPoint& { return result.grid[row.point]; });
    return columns;
}

/// Reference and metric, by name, of rows that have members of these names.
template <class Row>
void add_names(Columns<Row>& columns, const Config& config) {
    columns.add("reference", [&config](const Row& row) { return reference_name(config, row.reference); });
    columns.add("metric", [&config](const Row& row) { return metric_name(config, row.metric); });
}

Cell low(const std::optional<Interval>& interval) { return interval ? Cell(interval->low) : Cell(); }
Cell high(const std::optional<Interval>& interval) { return interval ? Cell(interval->high) : Cell(); }

Columns<ResultRow> result_columns(const Results& result, const Config& config) {
    Columns<ResultRow> columns = point_columns<ResultRow>(result);
    add_names(columns, config);
    columns.add("example", [&result](const ResultRow& row) { return result.examples[row.example]; });
    columns.add("value", [](const ResultRow& row) { return row.value; });
    return columns;
}

Columns<SummaryRow> summary_columns(const Results& result, const Config& config) {
    Columns<SummaryRow> columns = point_columns<SummaryRow>(result);
    add_names(columns, config);
    columns.add("n", [](const SummaryRow& row) { return row.n; });
    columns.add("n_undefined", [](const SummaryRow& row) { return row.n_undefined; });
    columns.add("mean", [](const SummaryRow& row) { return row.mean; });
    columns.add("std", [](const SummaryRow& row) { return row.standard_deviation; });
    columns.add("ci_low", [](const SummaryRow& row) { return low(row.interval); });
    columns.add("ci_high", [](const SummaryRow& row) { return high(row.interval); });
    return columns;
}

/// What a pair of methods is called and compared by; the names stand in front.
Columns<MethodPair> comparison_columns(const Config& config, Columns<MethodPair> columns) {
    add_names(columns, config);
    columns.add("n", [](const MethodPair& pair) { return pair.n; });
    columns.add("mean_difference", [](const MethodPair& pair) { return pair.result.mean; });
    columns.add("ci_low", [](const MethodPair& pair) { return low(pair.result.interval); });
    columns.add("ci_high", [](const MethodPair& pair) { return high(pair.result.interval); });
    columns.add("p", [](const MethodPair& pair) { return pair.result.p; });
    columns.add("p_holm", [](const MethodPair& pair) { return pair.p_holm; });
    columns.add("effect_size", [](const MethodPair& pair) { return pair.result.effect_size; });
    return columns;
}

/// The axes of both points of a pair, which agree where both have one; empty for those that say what is compared,
/// where the pair is not of it.
template <class Pair>
void add_joined_axes(Columns<Pair>& columns, const Results& result, bool with_compared = true) {
    for (const AxisInfo* axis : shown_axes(result.grid)) {
        const bool is_empty = !with_compared && axis->stage == AxisStage::comparing;
        columns.add(axis->name, [&result, is_empty, name = axis->name](const Pair& pair) {
            if (is_empty) return Cell();
            const GridPoint& first = result.grid[pair.first];
            const GridPoint& second = result.grid[pair.second];
            const bool differ =
                first.has(name) && second.has(name) && first.values.at(name) != second.values.at(name);
            return differ ? Cell(joined_text(first, second, name))
                          : axis_cell(first.has(name) ? first : second, name);
        });
    }
}

/// The method of one point of a pair.
template <class Pair>
auto method_of(const Results& result, std::size_t Pair::*point) {
    return [&result, point](const Pair& pair) { return result.grid[pair.*point].method; };
}

Columns<Saturation> saturation_columns(const Results& result) {
    Columns<Saturation> columns = point_columns<Saturation>(result);
    columns.add("pairs", [](const Saturation& one) { return one.pairs; });
    for (const CutKind kind : all_cut_kinds)
        columns.add(to_string(kind), [kind](const Saturation& one) { return one.share(kind); });
    columns.add("ties", [](const Saturation& one) { return one.share_tied(); });
    for (const std::string& method : methods_compared_with())
        columns.add("rank_agreement_" + method, [method](const Saturation& one) { return one.agreement(method); });
    return columns;
}

/// One kind of cut at one grid point.
struct CutShare {
    std::size_t point;
    CutKind kind;
    std::size_t pairs;
    double share;
};

Columns<CutShare> cut_columns(const Results& result) {
    Columns<CutShare> columns = point_columns<CutShare>(result);
    columns.add("cut", [](const CutShare& one) { return to_string(one.kind); });
    columns.add("pairs", [](const CutShare& one) { return one.pairs; });
    columns.add("share", [](const CutShare& one) { return one.share; });
    return columns;
}

/// One token, or word, of an attribution.
struct TokenRow {
    const AttributionRow* row;
    std::size_t position;
    const std::string* text;
};

Columns<TokenRow> token_columns(const Results& result) {
    Columns<TokenRow> columns;
    columns.add_point(result.grid,
                      [&result](const TokenRow& one) -> const GridPoint& { return result.grid[one.row->point]; });
    columns.add("example", [&result](const TokenRow& one) { return result.examples[one.row->example]; });
    columns.add("position", [](const TokenRow& one) { return one.position; });
    columns.add("token", [](const TokenRow& one) { return *one.text; });
    columns.add("score", [](const TokenRow& one) { return one.row->scores[one.position]; });
    columns.add("binding_cut", [](const TokenRow& one) {
        return one.row->cuts.empty() ? std::string() : one.row->cuts[one.position].text();
    });
    return columns;
}

std::vector<TokenRow> token_rows(const Results& result, const std::vector<const AttributionRow*>& rows) {
    std::vector<TokenRow> out;
    for (const AttributionRow* row : rows) {
        const auto& texts = result.units(row->example, options_of(result.grid[row->point]).units);
        for (std::size_t t = 0; t < row->scores.size(); ++t) out.push_back({row, t, &texts.at(t)});
    }
    return out;
}

}  // namespace

std::string results_csv(const Results& result, const Config& config) {
    return result_columns(result, config).csv(result.rows);
}

std::string summary_csv(const Results& result, const Config& config, const Summary& summary) {
    return summary_columns(result, config).csv(summary.rows);
}

Table summary_table(const Results& result, const Config& config, const Summary& summary) {
    return summary_columns(result, config).table("correlation_by_layer", summary.rows);
}

std::string comparisons_csv(const Results& result, const Config& config, const Summary& summary) {
    Columns<MethodPair> names;
    names.add("first", method_of(result, &MethodPair::first));
    names.add("second", method_of(result, &MethodPair::second));
    add_joined_axes(names, result);
    return comparison_columns(config, std::move(names)).csv(summary.pairs);
}

Table comparisons_table(const Results& result, const Config& config, const Summary& summary) {
    Columns<MethodPair> names;
    names.add("method", method_of(result, &MethodPair::first));
    add_joined_axes(names, result);
    names.add("other_method", method_of(result, &MethodPair::second));
    return comparison_columns(config, std::move(names)).table("comparisons", summary.pairs);
}

std::string saturation_csv(const Results& result, const std::vector<Saturation>& saturation) {
    return saturation_columns(result).csv(saturation);
}

Table cuts_table(const Results& result, const std::vector<Saturation>& saturation) {
    std::vector<CutShare> rows;
    for (const Saturation& one : saturation) {
        for (const CutKind kind : all_cut_kinds)
            rows.push_back({one.point, kind, one.by_cut[static_cast<std::size_t>(kind)], one.share(kind)});
    }
    return cut_columns(result).table("saturation_by_layer", rows);
}

Table agreement_table(const Results& result) {
    Columns<Agreement> columns;
    columns.add("method", method_of(result, &Agreement::first));
    add_joined_axes(columns, result, /*with_positions=*/false);
    columns.add("other_method", method_of(result, &Agreement::second));
    columns.add("n", [](const Agreement& one) { return one.n; });
    columns.add("mean", [](const Agreement& one) { return one.mean; });
    columns.add("std", [](const Agreement& one) { return one.standard_deviation; });
    return columns.table("agreement", agreements(result));
}

std::string pruning_csv(const Results& result) {
    Columns<PruningShares> columns = point_columns<PruningShares>(result);
    columns.add("mean_share", [](const PruningShares& shares) { return shares.mean; });
    columns.add("largest_share", [](const PruningShares& shares) { return shares.largest; });
    return columns.csv(result.pruning);
}

std::string diagnostics_csv(const Results& result) {
    struct Row {
        const DiagnosticsRow* answer;
        std::string name = {};
        std::optional<double> value = {};
        std::string warning = {};
    };
    std::vector<Row> rows;
    for (const DiagnosticsRow& answer : result.diagnostics) {
        for (const auto& [name, value] : answer.diagnostics.numbers) rows.push_back({&answer, name, value});
        for (const std::string& warning : answer.diagnostics.warnings)
            rows.push_back({.answer = &answer, .warning = warning});
    }
    Columns<Row> columns;
    columns.add_point(result.grid,
                      [&](const Row& row) -> const GridPoint& { return result.point(row.answer->point); });
    columns.add("example", [&](const Row& row) { return result.examples.at(row.answer->example); });
    columns.add("diagnostic", [](const Row& row) { return row.name; });
    columns.add("value", [](const Row& row) { return row.value; });
    columns.add("warning", [](const Row& row) { return row.warning; });
    return columns.csv(rows);
}

std::string attributions_csv(const Results& result) {
    // Those that are compared: sums and correlations made of the file are then those of the tables.
    std::vector<TokenRow> rows;
    for (const AttributionRow& row : result.attributions) {
        const PointOptions options = options_of(result.grid[row.point]);
        const auto& texts = result.units(row.example, options.units);
        for (const std::size_t t : options.compared_positions(result.tokens[row.example], result.special_tokens,
                                                              result.words.at(row.example)))
            rows.push_back({&row, t, &texts.at(t)});
    }
    return token_columns(result).csv(rows);
}

Table attributions_table(const Results& result, const std::vector<const AttributionRow*>& rows) {
    return token_columns(result).table("token_bars", token_rows(result, rows));
}

std::string failures_csv(const Results& result) {
    Columns<Failure> columns = point_columns<Failure>(result);
    columns.add("example", [&result](const Failure& failure) { return result.examples[failure.example]; });
    columns.add("message", [](const Failure& failure) { return failure.message; });
    return columns.csv(result.failures);
}

}  // namespace attnflow
