#include "experiments/tables/layer_table.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "graph/support/text.hpp"

namespace attnflow {
namespace {

std::string aligned(const std::vector<std::vector<std::string>>& rows) {
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

}  // namespace

std::string markdown_text(std::string_view text) {
    constexpr std::string_view special = "\\|<>&[]`*~";
    const std::string plain = escape_controls(text);
    std::string out;
    for (std::size_t i = 0; i < plain.size(); ++i) {
        // "https:" and "www." become links by themselves.
        const bool is_link =
            plain.compare(i, 3, "://") == 0 || (plain[i] == '.' && i >= 3 && plain.compare(i - 3, 3, "www") == 0);
        if (is_link || special.find(plain[i]) != std::string_view::npos) out += '\\';
        out += plain[i];
    }
    return out;
}

void LayerTable::set(const std::string& label, std::optional<std::int64_t> layer, std::string cell,
                     double weight) {
    const auto [found, is_new] = index_.try_emplace(label, rows_.size());
    if (is_new) rows_.push_back({label, {}, ""});
    Row& row = rows_[found->second];
    row.weight = std::max(row.weight, weight);
    if (layer) {
        row.by_layer[*layer] = std::move(cell);
    } else {
        row.without_layer = std::move(cell);
        has_column_without_layer_ = true;
    }
}

std::string LayerTable::text(const std::vector<std::int64_t>& layers, const std::string& corner, std::size_t limit,
                             const std::string& where_all) const {
    std::vector<std::vector<std::string>> table{{corner}};
    for (const std::int64_t layer : layers) table[0].push_back(fmt::format("L{}", layer));
    if (has_column_without_layer_) table[0].push_back("no layer");
    std::vector<const Row*> shown;
    for (const Row& row : rows_) shown.push_back(&row);
    if (shown.size() > limit) {
        std::stable_sort(shown.begin(), shown.end(),
                         [](const Row* a, const Row* b) { return a->weight > b->weight; });
        shown.resize(limit);
    }
    for (const Row* each : shown) {
        const Row& row = *each;
        table.push_back({markdown_text(row.label)});
        for (const std::int64_t layer : layers) {
            const auto found = row.by_layer.find(layer);
            table.back().push_back(found == row.by_layer.end() ? "" : found->second);
        }
        if (has_column_without_layer_) table.back().push_back(row.without_layer);
    }
    std::string out = aligned(table);
    if (rows_.size() > limit) out += fmt::format("\n{} more rows: {}.\n", rows_.size() - limit, where_all);
    return out;
}

}  // namespace attnflow
