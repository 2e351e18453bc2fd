#pragma once
/// What the members of a grid point expect of its axes (EntryInfo::expects): its method, and the members that
/// values of its axes name, such as edge weights. What is expected stands where nothing else is asked for; another
/// value is warned of.

#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "experiments/study/grid_point.hpp"

namespace attnflow {

struct GridBlock;

/// What a member of `point` expects of an axis that the method takes, in canonical form; nothing where none does.
/// A member that an axis names, which says what the network is made of, comes before the method. Throws
/// ParameterError where it expects an axis that there is not, or a value that the axis does not take.
std::optional<ParameterValue> expected_value(const GridPoint& point, const AxisInfo& axis);

/// `point` with what its members expect of the axes `unasked`. A method may expect other members, such as edge
/// weights, and those something in turn. Throws as expected_value() does.
GridPoint with_expected(GridPoint point, const std::set<std::string>& unasked);

/// The values of an axis in a part of a grid, before the points are known: also those that only members expect.
std::vector<ParameterValue> values_of(const GridBlock& block, const AxisInfo& axis);

/// A member and an axis whose value is another than it expects.
struct Contradiction {
    std::string title;     ///< "method 'x' expects renormalise = never"
    std::string text;      ///< what the value is, and why another is expected
    std::string sentence;  ///< both in one line
};

/// One for each member and axis, in the order of the points. The layer `top` or `all` is a default only, because a
/// point has a number.
std::vector<Contradiction> contradictions(const std::vector<GridPoint>& points);

/// Axes that are left to the methods in a grid: they differ, and each point has what its members expect or, where
/// these expect nothing, the default of the axis. So methods at different values are compared with each other.
std::set<std::string> own_defaults(std::span<const GridPoint> grid);

}  // namespace attnflow
