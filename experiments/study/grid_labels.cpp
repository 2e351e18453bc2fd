#include "experiments/study/grid_labels.hpp"

#include <algorithm>
#include <map>

#include "experiments/study/axes/layer.hpp"

namespace attnflow {

GridLabels::GridLabels(const std::vector<GridPoint>& grid) {
    std::map<std::string, std::vector<std::string>> seen;
    for (const GridPoint& point : grid) {
        if (const auto layer = point.layer()) layers_.push_back(*layer);
        for (const AxisInfo& axis : axes()) {
            if (!point.has(axis.name)) continue;
            auto& values = seen[axis.name];
            const std::string text = point.text(axis.name);
            if (std::find(values.begin(), values.end(), text) == values.end()) values.push_back(text);
        }
    }
    std::sort(layers_.begin(), layers_.end());
    layers_.erase(std::unique(layers_.begin(), layers_.end()), layers_.end());
    for (const AxisInfo& axis : axes()) {
        const auto found = seen.find(axis.name);
        if (axis.name == LayerAxis::name || found == seen.end()) continue;
        if (found->second.size() == 1) {
            fixed_.push_back(axis.name + " " + found->second.front());
        } else {
            (axis.stage == AxisStage::comparing ? of_tables_ : varied_).push_back(axis.name);
        }
    }
}

std::string GridLabels::with_axes(const std::string& name, const GridPoint& point, const GridPoint& other) const {
    std::vector<std::string> parts;
    for (const std::string& axis : varied_) {
        if (point.has(axis) || other.has(axis)) parts.push_back(axis + " " + joined_text(point, other, axis));
    }
    return parts.empty() ? name : name + " (" + join(parts, ", ") + ")";
}

std::string GridLabels::row_label(const GridPoint& point) const { return with_axes(point.method, point, point); }

std::string GridLabels::pair_label(const GridPoint& first, const GridPoint& second) const {
    return with_axes(first.method + " - " + second.method, first, second);
}

std::string GridLabels::table_label(const GridPoint& point) const {
    std::string label;
    for (const std::string& axis : of_tables_) label += fmt::format(", {} {}", axis, point.text(axis));
    return label;
}

}  // namespace attnflow
