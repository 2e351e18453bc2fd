#include "experiments/study/grid.hpp"

#include <algorithm>
#include <set>

#include "algorithms/attribution_method.hpp"

namespace attnflow {
namespace {

constexpr std::size_t most_points = 1'000'000;

/// Where the values of an axis of the n-th block (from 0) are written, for messages.
std::string place_of(const Config& config, std::size_t block, const std::string& axis) {
    const std::string key = "axes." + axis;
    for (const std::string& written : {fmt::format("matrix[{}].{}", block + 1, key), key}) {
        const auto place = config.places.find(written);
        if (place != config.places.end()) return place->second + ": " + key;
    }
    return key;
}

/// Whether a grid has the axis.
bool is_asked_for(const AxisInfo& axis, const Config& config) {
    const std::vector<ParameterValue> unasked{axis.fallback};
    return !axis.only_where_asked ||
           std::any_of(config.blocks.begin(), config.blocks.end(),
                       [&](const GridBlock& block) { return block.axes.at(axis.name) != unasked; });
}

std::vector<GridPoint> expand_method(const std::string& method, const Config& config, std::size_t block,
                                     std::size_t layers) {
    const EntryInfo& info = attribution_methods().at(method).info;
    std::vector<GridPoint> points{{method, {}}};
    for (const AxisInfo& axis : axes()) {
        if (!takes(info, axis) || !is_asked_for(axis, config)) continue;
        const auto values =
            axis.expand(config.blocks[block].axes.at(axis.name), layers, place_of(config, block, axis.name));
        if (values.size() > most_points / points.size()) {
            throw ParameterError(
                fmt::format("{}: the axes span more than {} grid points; list fewer values, or "
                            "choose parts of the product with [[matrix]]",
                            method, most_points));
        }
        std::vector<GridPoint> extended;
        for (const GridPoint& point : points) {
            for (const ParameterValue& value : values) extended.push_back(point.with(axis.name, value));
        }
        points = std::move(extended);
    }
    return points;
}

}  // namespace

std::vector<GridPoint> expand_grid(const Config& config, std::size_t layers) {
    std::vector<GridPoint> grid;
    std::set<std::string> known;
    for (std::size_t b = 0; b < config.blocks.size(); ++b) {
        for (const std::string& method : config.blocks[b].methods) {
            for (GridPoint& point : expand_method(method, config, b, layers)) {
                if (known.insert(point.key(AxisStage::reading)).second) grid.push_back(std::move(point));
            }
        }
    }
    return grid;
}

}  // namespace attnflow
