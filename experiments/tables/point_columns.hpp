#pragma once
/// A grid point as cells of a table: the method, then each axis.

#include <optional>

#include "experiments/study/axes.hpp"
#include "experiments/tables/table.hpp"

namespace attnflow {

/// "method" and the names of all axes.
std::vector<std::string> point_columns();

/// As point_columns(); nothing where the method does not take an axis, numbers as numbers.
std::vector<Table::Cell> point_cells(const GridPoint& point);

/// The settings of two points as those of one, the method of the first; nothing where they
/// contradict each other in an axis that both take.
std::optional<GridPoint> joined_settings(const GridPoint& first, const GridPoint& second);

}  // namespace attnflow
