#include "experiments/study/grid.hpp"
#include "experiments/study/method_call.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "algorithms/attribution_method.hpp"
#include "experiments/study/axes/readout.hpp"
#include "experiments/study/axes/source.hpp"
#include "experiments/study/expectations.hpp"

namespace attnflow {
namespace {

// Each takes about 8 kB, and the whole grid some seconds, before anything is computed.
constexpr std::size_t most_points = 100'000;

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

/// The values that a method gets of each axis that it takes, in the order of the columns.
using Span = std::vector<std::pair<const AxisInfo*, std::vector<ParameterValue>>>;

Span span_of(const std::string& method, const Config& config, std::size_t block, std::size_t layers) {
    const EntryInfo& info = method_entry(method).info;
    Span span;
    for (const AxisInfo& axis : axes()) {
        if (!takes(info, axis) || !is_asked_for(axis, config)) continue;
        span.emplace_back(&axis, axis.expand(config.blocks[block].axes.at(axis.name), layers,
                                             place_of(config, block, axis.name)));
    }
    return span;
}

/// How many points `span` has; more than most_points for too many.
std::size_t count(const Span& span) {
    std::size_t points = 1;
    for (const auto& [axis, values] : span) {
        if (values.empty()) return 0;
        points *= std::min(values.size(), most_points / points + 1);
    }
    return points;
}

std::vector<GridPoint> expand(const std::string& method, const Span& span) {
    std::vector<GridPoint> points{{method, {}}};
    for (const auto& [axis, values] : span) {
        if (values.size() == 1) {
            for (GridPoint& point : points) point.values.emplace(axis->name, values.front());
            continue;
        }
        std::vector<GridPoint> extended;
        extended.reserve(points.size() * values.size());
        for (const GridPoint& point : points) {
            for (const ParameterValue& value : values) extended.push_back(point.with(axis->name, value));
        }
        points = std::move(extended);
    }
    return points;
}

/// `point` with what its members expect of axes that nothing asks for: several points, where a value stands for
/// several.
std::vector<GridPoint> with_defaults(const GridPoint& point, const std::set<std::string>& unasked,
                                     std::size_t layers) {
    const GridPoint expected = with_expected(point, unasked);
    std::vector<GridPoint> points{expected};
    if (expected == point) return points;
    for (const auto& [axis, value] : expected.values) {
        if (point.has(axis) && point.values.at(axis) == value) continue;
        std::vector<GridPoint> extended;
        for (const ParameterValue& one : axes().at(axis).expand({value}, layers, expected.method + " expects")) {
            for (const GridPoint& before : points) extended.push_back(before.with(axis, one));
        }
        points = std::move(extended);
    }
    if (options_of(points.front()).has_row_for_each_source()) {
        throw ParameterError(
            fmt::format("{}: expects {} {}, which gives a row of scores for every position; choose axes.{} = "
                        "\"column_max\" or "
                        "\"column_sum\"",
                        point.method, SourceAxis::name, points.front().text(SourceAxis::name), ReadoutAxis::name));
    }
    return points;
}

/// An axis that is only there where it is asked for is there for all points, or for none.
void complete(std::vector<GridPoint>& grid) {
    for (const AxisInfo& axis : axes()) {
        const auto has = [&](const GridPoint& point) { return point.has(axis.name); };
        if (!axis.only_where_asked || std::none_of(grid.begin(), grid.end(), has)) continue;
        for (GridPoint& point : grid) {
            if (takes(method_entry(point.method).info, axis)) point.values.emplace(axis.name, axis.fallback);
        }
    }
}

}  // namespace

std::vector<GridPoint> expand_grid(const Config& config, std::size_t layers) {
    struct Part {
        std::string method;
        Span span;
        const std::set<std::string>& unasked;
    };
    std::vector<Part> parts;
    std::size_t points = 0;
    for (std::size_t b = 0; b < config.blocks.size(); ++b) {
        for (const std::string& method : config.blocks[b].methods) {
            Span span = span_of(method, config, b, layers);
            points += count(span);
            if (points > most_points) {
                throw ParameterError(fmt::format(
                    "{}: the grid has more than {} points up to here; list fewer values, choose parts of "
                    "the product with [[matrix]], or make several runs",
                    method, most_points));
            }
            parts.push_back({method, std::move(span), config.blocks[b].unasked});
        }
    }
    std::vector<GridPoint> grid;
    std::set<std::string> known;
    for (const Part& part : parts) {
        for (const GridPoint& product : expand(part.method, part.span)) {
            for (GridPoint& point : with_defaults(product, part.unasked, layers)) {
                if (known.insert(point.key(AxisStage::comparing)).second) grid.push_back(std::move(point));
            }
        }
    }
    complete(grid);
    return grid;
}

}  // namespace attnflow
