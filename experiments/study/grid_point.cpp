#include "experiments/study/grid_point.hpp"
#include "experiments/study/method_call.hpp"

#include <algorithm>

#include "algorithms/attribution_method.hpp"

namespace attnflow {

std::string GridPoint::text(const std::string& axis) const {
    const auto found = values.find(axis);
    return found == values.end() ? "" : to_text(found->second);
}

std::optional<std::int64_t> GridPoint::layer() const {
    const auto found = values.find(axis::layer);
    const auto* number = found == values.end() ? nullptr : std::get_if<std::int64_t>(&found->second);
    return number == nullptr ? std::nullopt : std::optional(*number);
}

GridPoint GridPoint::with(const std::string& axis, ParameterValue value) const {
    GridPoint other = *this;
    other.values[axis] = std::move(value);
    return other;
}

GridPoint GridPoint::without(const std::string& axis) const {
    GridPoint other = *this;
    other.values.erase(axis);
    return other;
}

GridPoint GridPoint::without(AxisStage stage) const {
    GridPoint other = *this;
    for (const AxisInfo& axis : axes()) {
        if (axis.stage == stage) other.values.erase(axis.name);
    }
    return other;
}

std::string GridPoint::key(AxisStage last) const {
    // Networks do not depend on the method, so their key leaves it out.
    std::string key = last == AxisStage::network ? "" : method;
    for (const AxisInfo& axis : axes()) {
        if (axis.stage > last) continue;
        // A grid may ask for the axis later, and then has the same point with the default.
        const bool unasked = axis.only_where_asked && !has(axis.name);
        key += '\n' + (unasked ? to_text(axis.fallback) : text(axis.name));
    }
    return key;
}

PointOptions options_of(const GridPoint& point) {
    PointOptions options;
    for (const auto& [name, value] : point.values) axes().at(name).apply(value, options);
    return options;
}

std::optional<GridPoint> point_of_method(const std::string& method, const GridPoint& point) {
    const EntryInfo& info = method_entry(method).info;
    GridPoint other{method, {}};
    for (const AxisInfo& axis : axes()) {
        if (!takes(info, axis) || (axis.only_where_asked && !point.has(axis.name))) continue;
        if (!point.has(axis.name)) return std::nullopt;
        other.values[axis.name] = point.values.at(axis.name);
    }
    return other;
}

bool agree(const GridPoint& first, const GridPoint& second, const std::set<std::string>& own_defaults) {
    return std::all_of(first.values.begin(), first.values.end(), [&](const auto& one) {
        const auto other = second.values.find(one.first);
        return other == second.values.end() || other->second == one.second || own_defaults.contains(one.first);
    });
}

std::string joined_text(const GridPoint& first, const GridPoint& second, const std::string& axis) {
    if (!first.has(axis)) return second.text(axis);
    if (!second.has(axis) || first.text(axis) == second.text(axis)) return first.text(axis);
    return first.text(axis) + "/" + second.text(axis);
}

}  // namespace attnflow
