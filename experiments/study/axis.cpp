#include "experiments/study/axis.hpp"

#include <algorithm>

#include "experiments/study/grid_point.hpp"

namespace attnflow {

const char* to_string(AxisStage stage) {
    switch (stage) {
        case AxisStage::network:
            return "network";
        case AxisStage::attribution:
            return "attribution";
        case AxisStage::reading:
            return "reading";
        case AxisStage::comparing:
            return "comparing";
    }
    throw InternalError("no such stage of an axis");
}

void AxisRegistry::add(AxisInfo info) {
    for (const AxisInfo& known : axes_) {
        if (known.name == info.name) throw InternalError(fmt::format("axis '{}' is registered twice", info.name));
    }
    if (info.stage == AxisStage::comparing && !info.taken_with.empty())
        throw InternalError(
            fmt::format("axis '{}' says what is compared, so that all methods take it", info.name));
    if (is_bundled_whole_) note_outside_member("axis", info.name);
    axes_.push_back(std::move(info));
}

const AxisInfo& AxisRegistry::at(std::string_view name) const {
    for (const AxisInfo& info : axes_) {
        if (info.name == name) return info;
    }
    std::vector<std::string> names;
    for (const AxisInfo& info : axes_) names.push_back(info.name);
    throw ParameterError(fmt::format("no axis '{}'{}", excerpt(name), name_hint(name, names)));
}

bool takes(const EntryInfo& method, const AxisInfo& axis) {
    return axis.taken_with.empty() ||
           std::find(method.axes.begin(), method.axes.end(), axis.taken_with) != method.axes.end();
}

std::vector<const AxisInfo*> shown_axes(const std::vector<GridPoint>& grid) {
    std::vector<const AxisInfo*> shown;
    for (const AxisInfo& axis : axes()) {
        const auto has = [&](const GridPoint& point) { return point.has(axis.name); };
        if (!axis.only_where_asked || grid.empty() || std::any_of(grid.begin(), grid.end(), has))
            shown.push_back(&axis);
    }
    return shown;
}

ParameterValue check_number(const ParameterSpec& spec, const ParameterValue& value, const std::string& where) {
    const auto* text = std::get_if<std::string>(&value);
    return text == nullptr ? spec.check(value, where) : spec.parse(*text, where);
}

ParameterValue check_word_or_index(const ParameterValue& value, const std::string& axis,
                                   const std::vector<std::string>& words, std::int64_t minimum,
                                   const std::string& where) {
    const ParameterSpec index{
        .name = axis, .summary = "", .fallback = minimum, .minimum = static_cast<double>(minimum)};
    if (const auto* text = std::get_if<std::string>(&value)) {
        if (std::find(words.begin(), words.end(), *text) != words.end()) return value;
        if (!text->empty() &&
            std::all_of(text->begin(), text->end(), [](char c) { return c >= '0' && c <= '9'; })) {
            return index.parse(*text, where);
        }
    } else if (std::holds_alternative<std::int64_t>(value)) {
        return index.check(value, where);
    }
    const std::string nearest = nearest_name(to_text(value), words);
    throw ParameterError(fmt::format("{}: {} is {}, expected an integer >= {} or one of {}{}", where, axis,
                                     excerpt(to_text(value)), minimum, join(words, ", "),
                                     nearest.empty() ? "" : "; did you mean '" + nearest + "'?"));
}

}  // namespace attnflow
