#pragma once
/// One combination of a method with a value for each axis that it takes.

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "experiments/study/axis.hpp"

namespace attnflow {

struct GridPoint {
    std::string method;
    std::map<std::string, ParameterValue> values;  ///< by axis, in canonical form

    bool has(const std::string& axis) const { return values.contains(axis); }
    /// The value as text, "" when the method does not take the axis.
    std::string text(const std::string& axis) const;
    /// The layer, where it is a number, as in a grid; else nothing.
    std::optional<std::int64_t> layer() const;
    GridPoint with(const std::string& axis, ParameterValue value) const;
    GridPoint without(const std::string& axis) const;
    /// Without the axes of one stage.
    GridPoint without(AxisStage stage) const;
    /// Equal for points that agree in all axes of the stages up to `last` and, except for
    /// networks, in the method.
    std::string key(AxisStage last) const;
    bool operator==(const GridPoint&) const = default;
};

/// What the axes of a point set. Throws ParameterError for an axis that there is not.
PointOptions options_of(const GridPoint& point);

/// Another method at the values of `point`; nothing where it takes an axis that the point lacks.
std::optional<GridPoint> point_of_method(const std::string& method, const GridPoint& point);

/// Whether two points, of whatever methods, have the same value in each axis that both have, those aside that a
/// grid leaves to the methods (own_defaults()).
bool agree(const GridPoint& first, const GridPoint& second, const std::set<std::string>& own_defaults = {});

/// The value of an axis that a pair of points has: that of either, or "0.5/0" where they differ.
std::string joined_text(const GridPoint& first, const GridPoint& second, const std::string& axis);

}  // namespace attnflow
