#include "experiments/tables/headline.hpp"

#include <algorithm>
#include <map>
#include <optional>

#include <fmt/format.h>

#include "experiments/findings/leaders.hpp"
#include "experiments/study/config.hpp"
#include "experiments/study/grid_labels.hpp"
#include "experiments/study/measures.hpp"
#include "experiments/tables/text_layout.hpp"
#include "graph/support/text.hpp"

namespace attnflow {
namespace {

constexpr std::size_t most_references = 2;
constexpr std::size_t most_model_metrics = 2;
constexpr std::size_t most_rows = 5;  // a measure
constexpr std::size_t most_warnings = 2;
constexpr std::size_t most_columns = 100;
constexpr std::size_t cell_width = 11;  // "-0.12±0.35" and a space

struct Row {
    std::string label;
    std::map<std::int64_t, std::string> by_layer = {};
    std::string without_layer = {};
    std::optional<double> best = {};
};

// The rows of one measure, as the grid has them.
std::vector<Row> rows_of(const Measure& measure, Direction direction, const Results& results,
                         const Summary& summary, const GridLabels& labels) {
    std::vector<Row> rows;
    for (const SummaryRow& row : summary.rows) {
        const GridPoint& point = results.grid[row.point];
        if (Measure{row.reference, row.metric} != measure || !row.mean) continue;
        if (labels.table_label(point) != labels.table_label(results.grid.front())) continue;
        const std::string label = escape_controls(labels.row_label(point));
        auto found = std::find_if(rows.begin(), rows.end(), [&](const Row& r) { return r.label == label; });
        if (found == rows.end()) found = rows.insert(rows.end(), Row{label});
        std::string cell = fmt::format("{:.2f}±{:.2f}", *row.mean, *row.standard_deviation);
        if (!found->best || is_better(*row.mean, *found->best, direction)) found->best = *row.mean;
        if (const auto layer = point.layer()) {
            found->by_layer[*layer] = std::move(cell);
        } else {
            found->without_layer = std::move(cell);
        }
    }
    return rows;
}

// At most `most` layers, evenly spaced, the last one among them.
std::vector<std::int64_t> some_layers(const std::vector<std::int64_t>& layers, std::size_t most) {
    if (layers.size() <= most) return layers;
    std::vector<std::int64_t> some;
    for (std::size_t i = 1; i <= most; ++i) some.push_back(layers[i * layers.size() / most - 1]);
    return some;
}

// What is shown of a run: its first references by the first metric, and its first model metrics.
std::vector<Measure> shown_measures(const Config& config) {
    std::vector<Measure> shown;
    for (std::size_t r = 0; r < std::min(most_references, config.references.size()); ++r) shown.push_back({r, 0});
    for (std::size_t m = 0; m < std::min(most_model_metrics, config.model_metrics.size()); ++m)
        shown.push_back(model_measure(config, m));
    return shown;
}

// The rows of a measure; of too many those with the best means.
struct Group {
    std::string title;
    std::vector<Row> rows;
    std::size_t hidden = 0;
};

std::vector<Group> groups_of(const Results& results, const Config& config, const Summary& summary,
                             const GridLabels& labels) {
    std::vector<Group> groups;
    for (const Measure& measure : shown_measures(config)) {
        const Direction direction = direction_of(config, measure);
        // Beside model metrics each group says what its numbers are, else the corner does for all.
        const std::string what = config.model_metrics.empty() ? "with " + reference_name(config, measure.reference)
                                                              : measure_label(config, measure);
        Group group{escape_controls(what) + escape_controls(labels.table_label(results.grid.front())),
                    rows_of(measure, direction, results, summary, labels)};
        if (group.rows.size() > most_rows) {
            std::stable_sort(group.rows.begin(), group.rows.end(), [direction](const Row& a, const Row& b) {
                return is_better(*a.best, *b.best, direction);
            });
            group.hidden = group.rows.size() - most_rows;
            group.rows.resize(most_rows);
        }
        groups.push_back(std::move(group));
    }
    return groups;
}

std::string row_text(const Row& row, const std::vector<std::int64_t>& layers, std::size_t label_width,
                     bool has_column_without_layer) {
    std::string line = padded("  " + row.label, label_width);
    for (const std::int64_t layer : layers) {
        const auto found = row.by_layer.find(layer);
        line += padded_left(found == row.by_layer.end() ? "" : found->second, cell_width);
    }
    if (has_column_without_layer) line += padded_left(row.without_layer, cell_width);
    line.erase(line.find_last_not_of(' ') + 1);
    return line + "\n";
}

std::string table_text(const Results& results, const Config& config, const Summary& summary) {
    const GridLabels labels(results.grid);
    const std::vector<Group> groups = groups_of(results, config, summary, labels);
    const std::string corner =
        config.model_metrics.empty() ? "mean " + escape_controls(config.metrics.front()) + "±std" : "mean±std";
    std::size_t label_width = display_width(corner);
    std::size_t hidden = 0;
    bool has_column_without_layer = false;
    for (const Group& group : groups) {
        hidden += group.hidden;
        for (const Row& row : group.rows) {
            label_width = std::max(label_width, display_width(row.label) + 2);
            has_column_without_layer = has_column_without_layer || !row.without_layer.empty();
        }
    }
    const std::size_t room = most_columns > label_width ? (most_columns - label_width) / cell_width : 0;
    const std::size_t flat = has_column_without_layer ? 1 : 0;
    const auto layers = some_layers(labels.layers(), std::max<std::size_t>(room > flat ? room - flat : 0, 1));

    std::string out = padded(corner, label_width);
    for (const std::int64_t layer : layers) out += padded_left(fmt::format("L{}", layer), cell_width);
    if (has_column_without_layer) out += padded_left("no layer", cell_width);
    out += "\n";
    for (const Group& group : groups) {
        out += group.title + "\n";
        for (const Row& row : group.rows) out += row_text(row, layers, label_width, has_column_without_layer);
    }
    if (hidden > 0)
        out += fmt::format("  ... and {} more; shown are those with the best means\n", counted(hidden, "row"));
    return out;
}

// Things with a title and a text.
template <class Warning>
std::string warnings_text(const std::vector<Warning>& warnings) {
    std::string out;
    for (std::size_t i = 0; i < std::min(warnings.size(), most_warnings); ++i) {
        out += wrapped("Warning: " + escape_controls(warnings[i].title) + ". " + escape_controls(warnings[i].text),
                       most_columns) +
               "\n";
    }
    if (warnings.size() > most_warnings) {
        out += fmt::format("... and {} like this in summary.md\n",
                           counted(warnings.size() - most_warnings, "warning"));
    }
    return out;
}

}  // namespace

std::string headline_text(const Results& results, const Config& config, const Findings& findings) {
    std::string out =
        fmt::format("{}: {}, {}\n\n", escape_controls(config.name), counted(results.examples.size(), "example"),
                    counted(results.grid.size(), "grid point"));
    if (results.grid.empty() || config.metrics.empty()) return out;
    out += table_text(results, config, findings.summary) + "\n";
    const auto shown = shown_measures(config);
    for (const Leader& leader : leaders(findings.summary, results, config)) {
        if (std::find(shown.begin(), shown.end(), Measure{leader.reference, leader.metric}) != shown.end())
            out += wrapped(leader.text, most_columns) + "\n";
    }
    if (const auto finding = saturation_finding(findings.saturation, results.grid))
        out += wrapped(finding->title + ". " + finding->text, most_columns) + "\n";
    const std::vector<std::string> without = metrics_without_value(findings.summary, config);
    if (!without.empty()) {
        out += wrapped(
                   fmt::format("Warning: {} {} no value in any example: a side is constant, or too few tokens are "
                               "compared.",
                               escape_controls(join(without, ", ")), without.size() == 1 ? "has" : "have"),
                   most_columns) +
               "\n";
    }
    out += warnings_text(findings.equal);
    out += warnings_text(findings.diagnostics.doubts);
    return out;
}

}  // namespace attnflow
