#pragma once
/// Markdown tables "label x layer of the source", the form of the tables of the paper.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace attnflow {

/// Text that can stand in a cell or a heading: control characters escaped, and all that would become HTML, a link,
/// a picture, code, emphasis or the end of a cell.
std::string markdown_text(std::string_view text);

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
