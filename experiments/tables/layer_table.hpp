#pragma once
/// Markdown tables "label x layer of the source", the form of the tables of the paper.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "experiments/study/axes.hpp"

namespace attnflow {

/// Text that can stand in a cell or a heading: control characters escaped, and all that would become HTML, a link,
/// a picture, code, emphasis or the end of a cell.
std::string markdown_text(std::string_view text);

/// What distinguishes the tables and rows of a grid: every axis but the layer. Axes with one
/// value in the whole grid are said once.
class TableLayout {
public:
    explicit TableLayout(const std::vector<GridPoint>& grid);

    const std::vector<std::int64_t>& layers() const { return layers_; }
    /// "axis value" of the axes that do not vary.
    const std::vector<std::string>& fixed() const { return fixed_; }

    /// The method and the values of the axes that vary.
    std::string row_label(const GridPoint& point) const;
    /// "first - second" and the values of the axes that vary, from either.
    std::string pair_label(const GridPoint& first, const GridPoint& second) const;
    /// Which table a point belongs to: ", positions ..." when they vary, else "".
    std::string table_label(const GridPoint& point) const;

private:
    std::string with_axes(const std::string& name, const GridPoint& point, const GridPoint& other) const;

    std::vector<std::int64_t> layers_;
    std::vector<std::string> fixed_;
    std::vector<std::string> varied_;
    bool has_positions_ = false;
};

/// Rows in the order of their first cell, padded so that the text reads well as it is. Cells
/// without a layer stand in a last column.
class LayerTable {
public:
    /// `weight`: how much the cell matters when not all rows can be shown.
    void set(const std::string& label, std::optional<std::int64_t> layer, std::string cell, double weight = 0.0);
    std::size_t rows() const { return rows_.size(); }
    /// `corner` heads the labels. Of more than `limit` rows only those with the weightiest cells are
    /// shown, weightiest first, and of equal ones the first; how many more there are is said with
    /// where to find them.
    std::string text(const std::vector<std::int64_t>& layers, const std::string& corner, std::size_t limit,
                     const std::string& where_all) const;

private:
    struct Row {
        std::string label;
        std::map<std::int64_t, std::string> by_layer;
        std::string without_layer;
        double weight = 0.0;  // of its weightiest cell
    };
    std::vector<Row> rows_;
    std::map<std::string, std::size_t> index_;  // of rows_, by label
    bool has_column_without_layer_ = false;
};

}  // namespace attnflow
