#include "experiments/study/expectations.hpp"

#include <algorithm>
#include <tuple>

#include "algorithms/attribution_method.hpp"
#include "experiments/study/axes/layer.hpp"
#include "experiments/study/config.hpp"
#include "experiments/study/method_call.hpp"

namespace attnflow {
namespace {

struct Member {
    std::string noun;  ///< the axis that names it, or "method"
    const EntryInfo* info;

    std::string text() const { return fmt::format("{} '{}'", noun, info->name); }
};

/// Those of a point that expect something; such that are named by axes first.
std::vector<Member> expecting_members(const GridPoint& point) {
    std::vector<Member> members;
    for (const AxisInfo& axis : axes()) {
        if (!axis.member || !point.has(axis.name)) continue;
        const EntryInfo* info = axis.member(point.values.at(axis.name));
        if (info != nullptr && !info->expects.empty()) members.push_back({axis.name, info});
    }
    const EntryInfo& method = method_entry(point.method).info;
    if (!method.expects.empty()) members.push_back({AttributionFamily::noun, &method});
    return members;
}

ParameterValue canonical(const Member& member, const Expectation& expectation) {
    const std::string where = member.text() + " expects";
    try {
        return axes().at(expectation.axis).check(expectation.value, where);
    } catch (const ParameterError& error) {
        const std::string what = error.what();
        throw ParameterError(what.starts_with(where) ? what : where + ": " + what);
    }
}

/// The value of a point that takes the axis, also where it is only there if it is asked for.
const ParameterValue& value_of(const GridPoint& point, const AxisInfo& axis) {
    const auto found = point.values.find(axis.name);
    return found == point.values.end() ? axis.fallback : found->second;
}

bool takes(const GridPoint& point, const AxisInfo& axis) { return takes(method_entry(point.method).info, axis); }

std::optional<ParameterValue> expected_by(const std::vector<Member>& members, const AxisInfo& axis) {
    for (const Member& member : members) {
        for (const Expectation& expectation : member.info->expects) {
            // Checked also where it is of another axis, so that one that there is not cannot hide.
            const ParameterValue value = canonical(member, expectation);
            if (expectation.axis == axis.name) return value;
        }
    }
    return std::nullopt;
}

}  // namespace

std::optional<ParameterValue> expected_value(const GridPoint& point, const AxisInfo& axis) {
    return takes(point, axis) ? expected_by(expecting_members(point), axis) : std::nullopt;
}

GridPoint with_expected(GridPoint point, const std::set<std::string>& unasked) {
    constexpr int depth = 2;  // a method, and the members that it expects
    for (int round = 0; round < depth; ++round) {
        const std::vector<Member> members = expecting_members(point);
        if (members.empty()) break;
        for (const AxisInfo& axis : axes()) {
            if (!unasked.contains(axis.name) || !takes(point, axis)) continue;
            const auto expected = expected_by(members, axis);
            if (expected && *expected != value_of(point, axis)) point.values[axis.name] = *expected;
        }
    }
    return point;
}

std::vector<ParameterValue> values_of(const GridBlock& block, const AxisInfo& axis) {
    std::vector<ParameterValue> values = block.axes.at(axis.name);
    if (!block.unasked.contains(axis.name)) return values;
    const auto add = [&](const GridPoint& point) {
        const auto expected = expected_value(point, axis);
        if (expected && std::find(values.begin(), values.end(), *expected) == values.end())
            values.push_back(*expected);
    };
    for (const std::string& method : block.methods) {
        add({method, {}});
        for (const AxisInfo& other : axes()) {
            if (!other.member) continue;
            for (const ParameterValue& value : block.axes.at(other.name)) add({method, {{other.name, value}}});
        }
    }
    return values;
}

std::vector<Contradiction> contradictions(const std::vector<GridPoint>& points) {
    struct Found {
        std::string title;
        std::string why;
        std::vector<std::string> values = {};
    };
    std::vector<Found> found;
    for (const GridPoint& point : points) {
        for (const Member& member : expecting_members(point)) {
            for (const Expectation& expectation : member.info->expects) {
                const AxisInfo& axis = axes().at(expectation.axis);
                const ParameterValue expected = canonical(member, expectation);
                const bool is_number = std::holds_alternative<std::int64_t>(expected);
                if (!takes(point, axis) || (axis.name == LayerAxis::name && !is_number)) continue;
                const ParameterValue& value = value_of(point, axis);
                if (value == expected) continue;
                const std::string title =
                    fmt::format("{} expects {} = {}", member.text(), axis.name, to_text(expected));
                auto one =
                    std::find_if(found.begin(), found.end(), [&](const Found& f) { return f.title == title; });
                if (one == found.end()) one = found.insert(found.end(), {title, expectation.why});
                const std::string text = to_text(value);
                if (std::find(one->values.begin(), one->values.end(), text) == one->values.end())
                    one->values.push_back(text);
            }
        }
    }
    std::vector<Contradiction> out;
    for (const Found& one : found) {
        const std::string is = fmt::format("ere it is {}", join(one.values, ", "));
        out.push_back({one.title, "H" + is + (one.why.empty() ? "." : ": " + one.why + "."),
                       one.title + ": " + (one.why.empty() ? "h" : one.why + "; h") + is});
    }
    return out;
}

std::set<std::string> own_defaults(std::span<const GridPoint> grid) {
    const auto expects = [](const GridPoint& point) { return !expecting_members(point).empty(); };
    if (std::none_of(grid.begin(), grid.end(), expects)) return {};
    std::set<std::string> own;
    for (const AxisInfo& axis : axes()) {
        std::set<std::string> values;
        const bool is_left = std::all_of(grid.begin(), grid.end(), [&](const GridPoint& point) {
            if (!point.has(axis.name)) return true;
            values.insert(point.text(axis.name));
            return point.values.at(axis.name) == expected_value(point, axis).value_or(axis.fallback);
        });
        if (is_left && values.size() > 1) own.insert(axis.name);
    }
    return own;
}

}  // namespace attnflow
