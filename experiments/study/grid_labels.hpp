#pragma once
/// Names for the points of a grid: in tables, charts and tests that belong together.

#include <cstdint>
#include <string>
#include <vector>

#include "experiments/study/grid_point.hpp"

namespace attnflow {

/// What distinguishes the tables and rows of a grid: every axis but the layer. Axes with one
/// value in the whole grid are said once.
class GridLabels {
public:
    explicit GridLabels(const std::vector<GridPoint>& grid);

    const std::vector<std::int64_t>& layers() const { return layers_; }
    /// "axis value" of the axes that do not vary.
    const std::vector<std::string>& fixed() const { return fixed_; }

    /// The method and the values of the axes that vary.
    std::string row_label(const GridPoint& point) const;
    /// "first - second" and the values of the axes that vary, from either.
    std::string pair_label(const GridPoint& first, const GridPoint& second) const;
    /// Which table a point belongs to: ", positions ..." when they vary, and so for every axis that says what is
    /// compared; else "".
    std::string table_label(const GridPoint& point) const;

private:
    std::string with_axes(const std::string& name, const GridPoint& point, const GridPoint& other) const;

    std::vector<std::int64_t> layers_;
    std::vector<std::string> fixed_;
    std::vector<std::string> varied_;     ///< but for those that say what is compared,
    std::vector<std::string> of_tables_;  ///< which are these
};

}  // namespace attnflow
