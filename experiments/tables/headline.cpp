#include "experiments/tables/headline.hpp"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "experiments/findings/leaders.hpp"
#include "experiments/study/config.hpp"
#include "experiments/study/grid_labels.hpp"
#include "experiments/tables/text_layout.hpp"
#include "graph/support/text.hpp"

namespace attnflow {
namespace {

constexpr std::size_t most_references = 2;
constexpr std::size_t most_rows = 5;  // a reference
constexpr std::size_t most_layers = 6;
constexpr std::size_t most_columns = 100;
constexpr std::size_t cell_width = 11;  // "-0.12±0.35" and a space

struct Row {
    std::string label;
    std::map<std::int64_t, std::string> by_layer = {};
    std::string without_layer = {};
    double highest = -2.0;
};

// The rows for one reference, as the grid has them.
std::vector<Row> rows_of(std::size_t reference, const Results& results, const Summary& summary,
                         const GridLabels& labels) {
    std::vector<Row> rows;
    for (const SummaryRow& row : summary.rows) {
        const GridPoint& point = results.grid[row.point];
        if (row.reference != reference || row.metric != 0 || !row.mean) continue;
        if (labels.table_label(point) != labels.table_label(results.grid.front())) continue;
        const std::string label = escape_controls(labels.row_label(point));
        auto found = std::find_if(rows.begin(), rows.end(), [&](const Row& r) { return r.label == label; });
        if (found == rows.end()) found = rows.insert(rows.end(), Row{label});
        std::string cell = fmt::format("{:.2f}±{:.2f}", *row.mean, *row.standard_deviation);
        found->highest = std::max(found->highest, *row.mean);
        if (const auto layer = point.layer()) {
            found->by_layer[*layer] = std::move(cell);
        } else {
            found->without_layer = std::move(cell);
        }
    }
    return rows;
}

// Some layers, evenly spaced, the last one among them.
std::vector<std::int64_t> shown_layers(const std::vector<std::int64_t>& layers) {
    if (layers.size() <= most_layers) return layers;
    std::vector<std::int64_t> some;
    for (std::size_t i = 1; i <= most_layers; ++i) some.push_back(layers[i * layers.size() / most_layers - 1]);
    return some;
}

// The rows of the first references that are shown, and how wide they are.
struct ShownRows {
    std::vector<std::vector<Row>> by_reference = {};
    std::size_t hidden = 0;
    bool has_column_without_layer = false;
    std::size_t label_width = 0;

    ShownRows(const Results& results, const Config& config, const Summary& summary, const GridLabels& labels) {
        for (std::size_t r = 0; r < std::min(most_references, config.references.size()); ++r)
            add(rows_of(r, results, summary, labels));
    }

private:
    void add(std::vector<Row> rows) {
        if (rows.size() > most_rows) {
            hidden += rows.size() - most_rows;
            std::stable_sort(rows.begin(), rows.end(),
                             [](const Row& a, const Row& b) { return a.highest > b.highest; });
            rows.resize(most_rows);
        }
        for (const Row& row : rows) {
            label_width = std::max(label_width, display_width(row.label) + 2);
            has_column_without_layer = has_column_without_layer || !row.without_layer.empty();
        }
        by_reference.push_back(std::move(rows));
    }
};

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
    const auto layers = shown_layers(labels.layers());
    const ShownRows shown(results, config, summary, labels);
    const std::string corner = "mean " + escape_controls(config.metrics.front()) + "±std";
    const std::size_t cells = (layers.size() + (shown.has_column_without_layer ? 1 : 0)) * cell_width;
    const std::size_t label_width = std::min(std::max(shown.label_width, display_width(corner)),
                                             std::max<std::size_t>(most_columns, cells + 20) - cells);

    std::string out = padded(corner, label_width);
    for (const std::int64_t layer : layers) out += padded_left(fmt::format("L{}", layer), cell_width);
    if (shown.has_column_without_layer) out += padded_left("no layer", cell_width);
    out += "\n";
    for (std::size_t r = 0; r < shown.by_reference.size(); ++r) {
        out += fmt::format("with {}{}\n", escape_controls(config.references[r].text),
                           escape_controls(labels.table_label(results.grid.front())));
        for (const Row& row : shown.by_reference[r])
            out += row_text(row, layers, label_width, shown.has_column_without_layer);
    }
    if (shown.hidden > 0) {
        out += fmt::format("  ... and {} more; shown are those with the highest means\n",
                           counted(shown.hidden, "row"));
    }
    return out;
}

}  // namespace

std::string headline_text(const Results& results, const Config& config, const Findings& findings) {
    std::string out =
        fmt::format("{}: {}, {}\n\n", escape_controls(config.name), counted(results.examples.size(), "example"),
                    counted(results.grid.size(), "grid point"));
    out += table_text(results, config, findings.summary) + "\n";
    for (const Leader& leader : leaders(findings.summary, results, config)) {
        if (leader.metric == 0 && leader.reference < most_references)
            out += wrapped(leader.text, most_columns) + "\n";
    }
    if (const auto finding = saturation_finding(findings.saturation, results.grid))
        out += wrapped(finding->title + ". " + finding->text, most_columns) + "\n";
    return out;
}

}  // namespace attnflow
