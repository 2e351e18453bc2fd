#pragma once
/// The columns of a table, each defined once: its name and how a cell comes from what a row is made of. CSV files
/// and the tables of reports come from the same columns.

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "experiments/study/grid_point.hpp"
#include "experiments/tables/csv.hpp"
#include "experiments/tables/table.hpp"

namespace attnflow {

/// The value of an axis: numbers as numbers, nothing where the point does not have it.
Cell axis_cell(const GridPoint& point, const std::string& axis);

template <class Row>
class Columns {
public:
    template <class Value>
    Columns& add(std::string name, Value value) {
        names_.push_back(std::move(name));
        values_.push_back([value = std::move(value)](const Row& row) { return Cell(value(row)); });
        return *this;
    }
    /// "method", then one for each axis that tables of `grid` show; `point` gives the GridPoint of a row.
    template <class Point>
    Columns& add_point(const std::vector<GridPoint>& grid, Point point) {
        add("method", [point](const Row& row) { return point(row).method; });
        for (const AxisInfo* axis : shown_axes(grid))
            add(axis->name, [point, name = axis->name](const Row& row) { return axis_cell(point(row), name); });
        return *this;
    }

    /// Row by row, so that no second copy of large tables is made.
    template <class Rows>
    std::string csv(const Rows& rows) const {
        std::string out = csv_header();
        for (const Row& row : rows) out += csv_row(row);
        return out;
    }
    std::string csv_header() const { return csv_line(csv_texts(names_)); }
    std::string csv_row(const Row& row) const {
        std::vector<std::string> cells;
        for (const auto& value : values_) cells.push_back(cell_text(value(row)));
        return csv_line(cells);
    }
    template <class Rows>
    Table table(std::string name, const Rows& rows) const {
        Table table{std::move(name), names_, {}};
        for (const Row& row : rows) {
            auto& cells = table.rows.emplace_back();
            for (const auto& value : values_) cells.push_back(value(row));
        }
        return table;
    }

private:
    std::vector<std::string> names_;
    std::vector<std::function<Cell(const Row&)>> values_;
};

}  // namespace attnflow
