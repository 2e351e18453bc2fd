#include "experiments/summary.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

#include <nlohmann/json.hpp>

#include "experiments/output/csv.hpp"
#include "experiments/version.hpp"

namespace attnflow {
namespace {

std::string number(const std::optional<double>& value) { return value ? fmt::format("{}", *value) : ""; }

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

std::optional<std::int64_t> layer_of(const GridPoint& point) {
    if (!point.has("layer")) return std::nullopt;
    return std::get<std::int64_t>(point.values.at("layer"));
}

// Points that differ at most in the layer, with a layer up to that of `point`.
bool same_but_lower(const GridPoint& other, const GridPoint& point) {
    if (!point.has("layer")) return other == point;
    if (!other.has("layer") || *layer_of(other) > *layer_of(point)) return false;
    GridPoint moved = other;
    moved.values["layer"] = point.values.at("layer");
    return moved == point;
}

void finish(SummaryRow& row, const std::vector<double>& values) {
    row.n = values.size();
    if (values.empty()) return;
    double sum = 0.0;
    for (const double value : values) sum += value;
    const double n = static_cast<double>(values.size());
    double squares = 0.0;
    for (const double value : values) squares += (value - sum / n) * (value - sum / n);
    row.mean = sum / n;
    row.standard_deviation = std::sqrt(squares / n);
}

std::string escape_cell(std::string_view text) {
    std::string out;
    for (const char c : escape_controls(text)) {
        if (c == '|') out += '\\';
        out += c;
    }
    return out;
}

// A Markdown table whose columns are padded, so that it reads as plain text too.
std::string markdown_table(const std::vector<std::vector<std::string>>& rows) {
    std::vector<std::size_t> widths(rows.front().size(), 3);
    for (const auto& row : rows) {
        for (std::size_t c = 0; c < row.size(); ++c) widths[c] = std::max(widths[c], display_width(row[c]));
    }
    std::string out;
    const auto line = [&](const std::vector<std::string>& cells) {
        for (std::size_t c = 0; c < cells.size(); ++c) {
            const std::string padding(widths[c] - display_width(cells[c]), ' ');
            out += "| " + (c == 0 ? cells[c] + padding : padding + cells[c]) + " ";
        }
        out += "|\n";
    };
    line(rows.front());
    for (std::size_t c = 0; c < widths.size(); ++c) {
        out += "|" + std::string(widths[c] + (c == 0 ? 2 : 1), '-') + (c == 0 ? "" : ":");
    }
    out += "|\n";
    for (std::size_t r = 1; r < rows.size(); ++r) line(rows[r]);
    return out;
}

// What distinguishes the tables of a summary: every axis but the layer; those with one
// value in the whole grid are said once at the top.
class TableLayout {
public:
    explicit TableLayout(const std::vector<GridPoint>& grid) {
        std::map<std::string, std::vector<std::string>> seen;
        for (const GridPoint& point : grid) {
            if (const auto layer = layer_of(point)) layers_.push_back(*layer);
            for (const AxisInfo& axis : axes()) {
                if (!point.has(axis.name)) continue;
                auto& values = seen[axis.name];
                const std::string text = point.text(axis.name);
                if (std::find(values.begin(), values.end(), text) == values.end()) values.push_back(text);
            }
        }
        std::sort(layers_.begin(), layers_.end());
        layers_.erase(std::unique(layers_.begin(), layers_.end()), layers_.end());
        for (const AxisInfo& axis : axes()) {
            const auto found = seen.find(axis.name);
            if (axis.name == "layer" || found == seen.end()) continue;
            if (found->second.size() == 1) {
                fixed_.push_back(axis.name + " " + found->second.front());
            } else if (axis.name == "positions") {
                has_positions_ = true;
            } else {
                varied_.push_back(axis.name);
            }
        }
    }

    const std::vector<std::int64_t>& layers() const { return layers_; }
    const std::vector<std::string>& fixed() const { return fixed_; }

    /// Label of a row: the method and the values of the axes that vary.
    std::string row_label(const GridPoint& point) const {
        std::vector<std::string> parts;
        for (const std::string& axis : varied_) {
            if (point.has(axis)) parts.push_back(axis + " " + point.text(axis));
        }
        return parts.empty() ? point.method : point.method + " (" + join(parts, ", ") + ")";
    }
    /// Which table a point belongs to: the positions, when they vary.
    std::string table_label(const GridPoint& point) const {
        return has_positions_ ? "positions " + point.text("positions") : "";
    }

private:
    std::vector<std::int64_t> layers_;
    std::vector<std::string> fixed_;
    std::vector<std::string> varied_;
    bool has_positions_ = false;
};

/// Builds tables "row label x layer", rows in the order of their first cell. Methods without
/// a layer have their one value in a last column.
class LayerTable {
public:
    explicit LayerTable(const TableLayout& layout) : layout_(layout) {}

    void set(const GridPoint& point, std::string cell) {
        const std::string label = layout_.row_label(point);
        auto found = std::find_if(rows_.begin(), rows_.end(), [&](const auto& row) { return row.label == label; });
        if (found == rows_.end()) found = rows_.insert(rows_.end(), {label, {}, ""});
        if (const auto layer = layer_of(point)) {
            found->by_layer[*layer] = std::move(cell);
        } else {
            found->without_layer = std::move(cell);
            has_column_without_layer_ = true;
        }
    }

    std::string text() const {
        std::vector<std::vector<std::string>> table{{"method"}};
        for (const std::int64_t layer : layout_.layers()) table[0].push_back(fmt::format("L{}", layer));
        if (has_column_without_layer_) table[0].push_back("no layer");
        for (const Row& row : rows_) {
            table.push_back({escape_cell(row.label)});
            for (const std::int64_t layer : layout_.layers()) {
                const auto found = row.by_layer.find(layer);
                table.back().push_back(found == row.by_layer.end() ? "" : found->second);
            }
            if (has_column_without_layer_) table.back().push_back(row.without_layer);
        }
        return markdown_table(table);
    }

private:
    struct Row {
        std::string label;
        std::map<std::int64_t, std::string> by_layer;
        std::string without_layer;
    };
    const TableLayout& layout_;
    std::vector<Row> rows_;
    bool has_column_without_layer_ = false;
};

std::string summary_cell(const SummaryRow& row) {
    if (!row.mean) return "undefined";
    return fmt::format("{:.2f}±{:.2f}", *row.mean, *row.standard_deviation);
}

// Share of pairs whose flow only repeats the source's row or the token's column.
std::string cut_cell(const CutCounts& counts) {
    std::size_t pairs = 0;
    for (const std::size_t count : counts.pairs) pairs += count;
    const auto share = [&](CutKind kind) {
        const auto count = counts.pairs[static_cast<std::size_t>(kind)];
        return 100.0 * static_cast<double>(count) / static_cast<double>(pairs);
    };
    return fmt::format("{:.0f}% ({:.0f}+{:.0f})", share(CutKind::source_row) + share(CutKind::sink_column),
                       share(CutKind::source_row), share(CutKind::sink_column));
}

}  // namespace

std::vector<SummaryRow> summarise(const RunResult& result, const Config& config) {
    using Key = std::tuple<std::size_t, std::size_t, std::size_t>;
    struct Values {
        std::vector<double> values;
        std::size_t undefined = 0;
    };
    std::map<Key, Values> groups;
    for (const ResultRow& row : result.rows) {
        Values& group = groups[{row.point, row.reference, row.metric}];
        if (!row.value) ++group.undefined;
        if (row.value || config.undefined_as_zero) group.values.push_back(row.value.value_or(0.0));
    }
    std::vector<SummaryRow> summary;
    for (const auto& [key, group] : groups) {
        const auto [point, reference, metric] = key;
        SummaryRow row{.point = point, .reference = reference, .metric = metric, .n_undefined = group.undefined};
        if (config.cumulative_layer_mean) {
            std::vector<double> pooled;
            row.n_undefined = 0;
            for (std::size_t p = 0; p < result.grid.size(); ++p) {
                if (!same_but_lower(result.grid[p], result.grid[point])) continue;
                const auto found = groups.find({p, reference, metric});
                if (found == groups.end()) continue;
                pooled.insert(pooled.end(), found->second.values.begin(), found->second.values.end());
                row.n_undefined += found->second.undefined;
            }
            finish(row, pooled);
        } else {
            finish(row, group.values);
        }
        summary.push_back(row);
    }
    return summary;
}

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

std::string summary_csv(const RunResult& result, const Config& config) {
    std::string out = csv_line(point_header() +
                               std::vector<std::string>{"reference", "metric", "n", "n_undefined", "mean", "std"});
    for (const SummaryRow& row : summarise(result, config)) {
        out += csv_line(point_cells(result.grid[row.point]) +
                        std::vector<std::string>{csv_text(config.references[row.reference].text),
                                                 csv_text(config.metrics[row.metric]), fmt::format("{}", row.n),
                                                 fmt::format("{}", row.n_undefined), number(row.mean),
                                                 number(row.standard_deviation)});
    }
    return out;
}

std::string binding_cuts_csv(const RunResult& result) {
    std::string out = csv_line(point_header() + std::vector<std::string>{"cut", "pairs", "share"});
    for (const CutCounts& counts : result.cuts) {
        std::size_t pairs = 0;
        for (const std::size_t count : counts.pairs) pairs += count;
        for (const CutKind kind : all_cut_kinds) {
            const std::size_t count = counts.pairs[static_cast<std::size_t>(kind)];
            out += csv_line(
                point_cells(result.grid[counts.point]) +
                std::vector<std::string>{to_string(kind), fmt::format("{}", count),
                                         number(static_cast<double>(count) / static_cast<double>(pairs))});
        }
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

std::string summary_markdown(const RunResult& result, const Config& config) {
    const TableLayout layout(result.grid);
    std::string out = fmt::format("# {}\n\n{} examples; {}.\n", escape_cell(config.name), result.examples.size(),
                                  layout.fixed().empty() ? "every axis varies" : join(layout.fixed(), ", "));
    if (!result.failures.empty()) {
        out += fmt::format("\n**{} cells failed**, see failures.csv; they are missing below.\n",
                           result.failures.size());
    }
    std::vector<std::pair<std::string, LayerTable>> tables;
    const auto table = [&](const std::string& title) -> LayerTable& {
        for (auto& [name, existing] : tables) {
            if (name == title) return existing;
        }
        return tables.emplace_back(title, LayerTable(layout)).second;
    };
    std::size_t undefined = 0;
    for (const SummaryRow& row : summarise(result, config)) {
        const GridPoint& point = result.grid[row.point];
        const std::string label = layout.table_label(point);
        table(fmt::format("{} with {}{}", config.metrics[row.metric], config.references[row.reference].text,
                          label.empty() ? "" : ", " + label))
            .set(point, summary_cell(row));
        undefined += row.n_undefined;
    }
    for (const auto& [title, body] : tables) {
        out += fmt::format("\n## {}\n\nMean ± standard deviation over examples, by layer of the source.\n\n{}",
                           escape_cell(title), body.text());
    }
    if (undefined > 0) {
        out += fmt::format("\n{} values are undefined (a side is constant); they {}.\n", undefined,
                           config.undefined_as_zero ? "count as 0" : "are left out of the means");
    }
    if (!result.cuts.empty()) {
        LayerTable body(layout);
        for (const CutCounts& counts : result.cuts) body.set(result.grid[counts.point], cut_cell(counts));
        out +=
            "\n## Saturation of flow\n\n"
            "Share of pairs whose flow is nothing but the out-capacity of the source (first number in\n"
            "brackets) or the in-capacity of the token in layer 1 (second): such a flow does not depend on\n"
            "the layers between. binding_cuts.csv has every kind of cut.\n\n" +
            body.text();
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
    nlohmann::ordered_json json;
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
    return escape_controls_keep_lines(json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace)) + "\n";
}

}  // namespace attnflow
