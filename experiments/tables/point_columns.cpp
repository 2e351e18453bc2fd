#include "experiments/tables/point_columns.hpp"

namespace attnflow {
namespace {

Table::Cell cell_of(const ParameterValue& value) {
    if (const auto* integer = std::get_if<std::int64_t>(&value)) return static_cast<double>(*integer);
    if (const auto* real = std::get_if<double>(&value)) return *real;
    return to_text(value);
}

}  // namespace

std::vector<std::string> point_columns() {
    std::vector<std::string> columns{"method"};
    for (const AxisInfo& axis : axes()) columns.push_back(axis.name);
    return columns;
}

std::vector<Table::Cell> point_cells(const GridPoint& point) {
    std::vector<Table::Cell> cells{point.method};
    for (const AxisInfo& axis : axes()) {
        const auto found = point.values.find(axis.name);
        cells.push_back(found == point.values.end() ? Table::Cell() : cell_of(found->second));
    }
    return cells;
}

std::optional<GridPoint> joined_settings(const GridPoint& first, const GridPoint& second) {
    GridPoint both = first;
    for (const auto& [axis, value] : second.values) {
        const auto [found, is_new] = both.values.emplace(axis, value);
        if (!is_new && found->second != value) return std::nullopt;
    }
    return both;
}

}  // namespace attnflow
