#include "experiments/report/show.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include <fmt/format.h>

#include "experiments/study/config.hpp"
#include "experiments/study/grid_labels.hpp"
#include "experiments/study/measures.hpp"
#include "experiments/tables/text_layout.hpp"
#include "graph/support/text.hpp"

namespace attnflow {
namespace {

// Layers that are written out as numbers; with more of them only every other one fits, so the
// spark-line alone shows the rest.
constexpr std::size_t written_layers = 12;
// Lines of a block and methods of the saturation block; a sweep has hundreds.
constexpr std::size_t shown_lines = 24;
constexpr std::size_t shown_flows = 3;

struct Line {
    std::string label;
    std::map<std::int64_t, double> by_layer;
    std::optional<double> without_layer;
};

struct Block {
    std::string title;
    std::vector<Line> lines;

    Line& line(const std::string& label) {
        for (Line& line : lines) {
            if (line.label == label) return line;
        }
        return lines.emplace_back(Line{label, {}, {}});
    }
};

std::string block_text(const Block& block, const std::vector<std::int64_t>& layers, bool color) {
    std::size_t width = 6;
    double low = 0.0;
    double high = 0.0;
    std::map<std::int64_t, double> best;
    for (const Line& line : block.lines) {
        width = std::max(width, display_width(line.label));
        for (const auto& [layer, value] : line.by_layer) {
            low = std::min(low, value);
            high = std::max(high, value);
            const auto [found, is_new] = best.emplace(layer, value);
            if (!is_new) found->second = std::max(found->second, value);
        }
    }
    const bool has_flat = std::any_of(block.lines.begin(), block.lines.end(),
                                      [](const Line& line) { return line.without_layer.has_value(); });
    const bool writes_layers = layers.size() <= written_layers;
    std::string out =
        fmt::format("\n{}\n\n  {}  {}", block.title, std::string(width, ' '), std::string(layers.size(), ' '));
    if (writes_layers) {
        for (const std::int64_t layer : layers) out += padded_left(fmt::format("L{}", layer), 7);
    }
    if (has_flat) out += "  no layer";
    out += "\n";
    for (std::size_t i = 0; i < std::min(block.lines.size(), shown_lines); ++i) {
        const Line& line = block.lines[i];
        std::vector<std::optional<double>> values;
        for (const std::int64_t layer : layers) {
            const auto found = line.by_layer.find(layer);
            values.push_back(found == line.by_layer.end() ? std::nullopt : std::optional(found->second));
        }
        out += "  " + line.label + std::string(width - display_width(line.label), ' ') + "  " +
               spark_line(values, low, high);
        for (std::size_t l = 0; writes_layers && l < layers.size(); ++l) {
            const std::string cell = padded_left(values[l] ? fmt::format("{:.2f}", *values[l]) : "", 7);
            const bool is_best = values[l] && block.lines.size() > 1 && *values[l] == best.at(layers[l]);
            out += color && is_best ? "\x1b[1m" + cell + "\x1b[0m" : cell;
        }
        if (line.without_layer) out += padded_left(fmt::format("{:.2f}", *line.without_layer), 10);
        out += "\n";
    }
    if (block.lines.size() > shown_lines)
        out += fmt::format("  ... and {} more in summary.csv\n", block.lines.size() - shown_lines);
    return out;
}

// A small table: what methods say of how they came to their answers.
std::string diagnostics_text(const std::vector<DiagnosticFinding>& numbers) {
    if (numbers.empty()) return "";
    const std::size_t shown = std::min(numbers.size(), shown_lines);
    std::size_t label_width = 6;
    std::size_t name_width = 0;
    for (std::size_t i = 0; i < shown; ++i) {
        label_width = std::max(label_width, display_width(escape_controls(numbers[i].label)));
        name_width = std::max(name_width, display_width(escape_controls(numbers[i].name)));
    }
    std::string out =
        fmt::format("\nDiagnostics of the methods, over examples and layers\n\n  {}  {}{:>11}{:>11}{:>11}\n",
                    padded("", label_width), padded("", name_width), "min", "mean", "max");
    for (std::size_t i = 0; i < shown; ++i) {
        const DiagnosticFinding& one = numbers[i];
        out +=
            fmt::format("  {}  {}{:>11.4g}{:>11.4g}{:>11.4g}\n", padded(escape_controls(one.label), label_width),
                        padded(escape_controls(one.name), name_width), one.least, one.mean, one.largest);
    }
    if (numbers.size() > shown)
        out += fmt::format("  ... and {} more in diagnostics.csv\n", numbers.size() - shown);
    return out;
}

std::string cuts_text(const std::vector<Saturation>& saturation, const std::vector<GridPoint>& grid,
                      const GridLabels& labels) {
    const auto& layers = labels.layers();
    std::map<std::string, std::map<CutKind, std::map<std::int64_t, double>>> methods;
    for (const Saturation& one : saturation) {
        const GridPoint& point = grid[one.point];
        const auto layer = point.layer();
        // Of points that differ only in what is compared, the first.
        if (!layer || labels.table_label(point) != labels.table_label(grid.front())) continue;
        for (const CutKind kind : all_cut_kinds) methods[labels.row_label(point)][kind][*layer] = one.share(kind);
    }
    std::string out;
    std::size_t shown = 0;
    for (const auto& [label, kinds] : methods) {
        if (++shown > shown_flows) {
            out += fmt::format("\n  ... and {} more in saturation.csv\n", methods.size() - shown_flows);
            break;
        }
        out += fmt::format("\n  {}\n", label);
        for (const auto& [kind, shares] : kinds) {
            std::vector<std::optional<double>> values;
            for (const std::int64_t layer : layers) {
                const auto found = shares.find(layer);
                values.push_back(found == shares.end() ? std::nullopt : std::optional(found->second));
            }
            const bool occurs =
                std::any_of(values.begin(), values.end(), [](const auto& v) { return v && *v > 0.0; });
            if (!occurs) continue;
            out += fmt::format("    {:<12}  {}", to_string(kind), spark_line(values, 0.0, 1.0));
            for (std::size_t l = 0; layers.size() <= written_layers && l < layers.size(); ++l)
                out += padded_left(values[l] ? fmt::format("{:.0f}%", 100.0 * *values[l]) : "", 6);
            out += "\n";
        }
    }
    return out;
}

}  // namespace

std::string spark_line(const std::vector<std::optional<double>>& values, double low, double high) {
    static constexpr const char* blocks[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    std::string out;
    for (const auto& value : values) {
        if (!value) {
            out += ' ';
            continue;
        }
        const double share = high > low ? (*value - low) / (high - low) : 0.0;
        out += blocks[static_cast<std::size_t>(std::lround(7.0 * std::clamp(share, 0.0, 1.0)))];
    }
    return out;
}

std::string show_text(const Config& config, const Results& result, const Findings& findings, bool color) {
    const GridLabels labels(result.grid);
    std::string out =
        fmt::format("{}: {}, {}, {}, {} failed\n", escape_controls(config.name),
                    counted(result.examples.size(), "example"), counted(result.grid.size(), "grid point"),
                    counted(result.examples.size() * result.grid.size(), "cell"), result.failures.size());
    if (!labels.fixed().empty()) out += escape_controls(join(labels.fixed(), ", ")) + "\n";

    std::vector<Block> blocks;
    for (const SummaryRow& row : findings.summary.rows) {
        if (!row.mean) continue;
        const GridPoint& point = result.grid[row.point];
        const std::string title = fmt::format("Mean {}{}, by layer of the source",
                                              escape_controls(measure_label(config, {row.reference, row.metric})),
                                              labels.table_label(point));
        auto block = std::find_if(blocks.begin(), blocks.end(), [&](const Block& b) { return b.title == title; });
        if (block == blocks.end()) block = blocks.insert(blocks.end(), Block{title, {}});
        Line& line = block->line(escape_controls(labels.row_label(point)));
        if (const auto layer = point.layer()) {
            line.by_layer[*layer] = *row.mean;
        } else {
            line.without_layer = *row.mean;
        }
    }
    for (const Block& block : blocks) out += block_text(block, labels.layers(), color);
    if (const auto finding = saturation_finding(findings.saturation, result.grid)) {
        out += fmt::format("\n{}\n\n{}\n", finding->title, wrapped(finding->text, 96));
        out += cuts_text(findings.saturation, result.grid, labels);
    }
    out += diagnostics_text(findings.diagnostics.numbers);
    const auto warn = [&](const std::string& title, const std::string& text) {
        out += fmt::format("\n{}", wrapped(escape_controls("Warning: " + title + ". " + text), 96)) + "\n";
    };
    for (const EqualValues& one : findings.equal) warn(one.title, one.text);
    for (const Contradiction& one : findings.contradictions) warn(one.title, one.text);
    for (const DoubtFinding& one : findings.diagnostics.doubts) warn(one.title, one.text);
    return out;
}

}  // namespace attnflow
