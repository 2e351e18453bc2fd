#include "experiments/report/show.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include <fmt/format.h>

#include "experiments/findings/saturation_words.hpp"
#include "experiments/findings/summary.hpp"
#include "experiments/tables/layer_table.hpp"
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

std::string padded_left(const std::string& text, std::size_t width) {
    const std::size_t used = display_width(text);
    return (used < width ? std::string(width - used, ' ') : "") + text;
}

std::string wrapped(const std::string& text, std::size_t width) {
    std::string out;
    std::size_t column = 0;
    std::size_t begin = 0;
    while (begin < text.size()) {
        const std::size_t end = std::min(text.find(' ', begin), text.size());
        const std::string word = text.substr(begin, end - begin);
        if (column > 0 && column + 1 + word.size() > width) {
            out += '\n';
            column = 0;
        } else if (column > 0) {
            out += ' ';
            ++column;
        }
        out += word;
        column += word.size();
        begin = end + 1;
    }
    return out;
}

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

std::string cuts_text(const RunResult& result, const TableLayout& layout) {
    const auto& layers = layout.layers();
    std::map<std::string, std::map<CutKind, std::map<std::int64_t, double>>> methods;
    for (const CutCounts& counts : result.cuts) {
        // Points that differ in positions only have the same flows, and the same label.
        const GridPoint& point = result.grid[counts.point];
        const auto layer = point.layer();
        if (!layer) continue;
        std::size_t pairs = 0;
        for (const std::size_t count : counts.pairs) pairs += count;
        if (pairs == 0) continue;
        for (const CutKind kind : all_cut_kinds) {
            const auto count = counts.pairs[static_cast<std::size_t>(kind)];
            methods[layout.row_label(point)][kind][*layer] =
                static_cast<double>(count) / static_cast<double>(pairs);
        }
    }
    std::string out;
    std::size_t shown = 0;
    for (const auto& [label, kinds] : methods) {
        if (++shown > shown_flows) {
            out += fmt::format("\n  ... and {} more in binding_cuts.csv\n", methods.size() - shown_flows);
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

std::string show_text(const Config& config, const RunResult& result, bool color, std::size_t jobs) {
    const TableLayout layout(result.grid);
    std::string out =
        fmt::format("{}: {}, {}, {}, {} failed\n", escape_controls(config.name),
                    counted(result.examples.size(), "example"), counted(result.grid.size(), "grid point"),
                    counted(result.examples.size() * result.grid.size(), "cell"), result.failures.size());
    if (!layout.fixed().empty()) out += escape_controls(join(layout.fixed(), ", ")) + "\n";

    std::vector<Block> blocks;
    for (const SummaryRow& row : summarise(result, config, jobs).rows) {
        if (!row.mean) continue;
        const GridPoint& point = result.grid[row.point];
        const std::string title =
            fmt::format("Mean {} with {}{}, by layer of the source", escape_controls(config.metrics[row.metric]),
                        escape_controls(config.references[row.reference].text), layout.table_label(point));
        auto block = std::find_if(blocks.begin(), blocks.end(), [&](const Block& b) { return b.title == title; });
        if (block == blocks.end()) block = blocks.insert(blocks.end(), Block{title, {}});
        Line& line = block->line(escape_controls(layout.row_label(point)));
        if (const auto layer = point.layer()) {
            line.by_layer[*layer] = *row.mean;
        } else {
            line.without_layer = *row.mean;
        }
    }
    for (const Block& block : blocks) out += block_text(block, layout.layers(), color);
    if (const auto words = saturation_words(result)) {
        out += fmt::format("\n{}\n\n{}\n", words->title, wrapped(words->text, 96));
        out += cuts_text(result, layout);
    }
    return out;
}

}  // namespace attnflow
