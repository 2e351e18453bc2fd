#include "experiments/study/plan.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "algorithms/attribution_method.hpp"

namespace attnflow {
namespace {

std::int64_t layer_or_zero(const GridPoint& point) {
    return point.has("layer") ? std::get<std::int64_t>(point.values.at("layer")) : 0;
}

// Numbers texts in the order in which they appear.
class Numbers {
public:
    std::size_t operator()(const std::string& text) {
        return numbers_.emplace(text, numbers_.size()).first->second;
    }

private:
    std::map<std::string, std::size_t> numbers_;
};

// Another method at the axis values of `point`; nothing where it takes an axis that the point lacks.
std::optional<GridPoint> point_of(const std::string& method, const GridPoint& point) {
    const EntryInfo& info = attribution_methods().at(method).info;
    GridPoint other{method, {}};
    for (const AxisInfo& axis : axes()) {
        if (!takes(info, axis)) continue;
        if (!point.has(axis.name)) return std::nullopt;
        other.values[axis.name] = point.values.at(axis.name);
    }
    return other;
}

}  // namespace

Plan make_plan(const Config& config, std::size_t layers) {
    std::vector<GridPoint> points = expand_grid(config, layers);
    const std::size_t grid_size = points.size();
    std::set<std::string> known;
    for (const GridPoint& point : points) known.insert(point.key(AxisStage::reading));
    const auto ask_for = [&](std::optional<GridPoint> other) {
        if (other && known.insert(other->key(AxisStage::reading)).second) points.push_back(std::move(*other));
    };
    for (const Reference& reference : config.references) {
        for (std::size_t p = 0; p < grid_size; ++p) ask_for(reference_point(reference, points[p]));
    }
    for (std::size_t p = 0; p < grid_size; ++p) {
        FlowBounds bounds = flow_bounds(points[p]);
        ask_for(std::move(bounds.column_sum));
        ask_for(std::move(bounds.rollout));
    }
    return plan_of(std::move(points), grid_size);
}

Plan plan_of(std::vector<GridPoint> points, std::size_t grid_size) {
    Plan plan;
    plan.points = std::move(points);
    plan.grid_size = grid_size;
    std::map<std::string, std::size_t> attributions;
    for (std::size_t p = 0; p < plan.points.size(); ++p) {
        const auto [found, fresh] =
            attributions.emplace(plan.points[p].key(AxisStage::attribution), plan.attributions.size());
        if (fresh) {
            plan.attributions.push_back(plan.points[p]);
            plan.points_of.emplace_back();
        }
        plan.attribution_of.push_back(found->second);
        plan.points_of[found->second].push_back(p);
    }

    // By order of appearance: what the networks have in common besides the heads, then the
    // networks, then their steps. Late head strategies share passes among networks.
    Numbers families;
    Numbers networks;
    Numbers steps;
    std::map<std::array<std::size_t, 3>, Plan::Step> sorted;
    for (std::size_t a = 0; a < plan.attributions.size(); ++a) {
        GridPoint any = plan.attributions[a];
        any.values.erase("layer");
        const std::size_t step = steps(any.key(AxisStage::attribution));
        const std::size_t network = networks(any.key(AxisStage::network));
        any.values.erase("heads");
        sorted[{families(any.key(AxisStage::network)), network, step}].push_back(a);
    }
    for (auto& [place, step] : sorted) {
        std::stable_sort(step.begin(), step.end(), [&](std::size_t a, std::size_t b) {
            return layer_or_zero(plan.attributions[a]) < layer_or_zero(plan.attributions[b]);
        });
        plan.steps.push_back(std::move(step));
    }
    return plan;
}

std::optional<GridPoint> reference_point(const Reference& reference, const GridPoint& point) {
    if (reference.kind != Reference::Kind::method) return std::nullopt;
    return point_of(reference.name, point);
}

FlowBounds flow_bounds(const GridPoint& point) {
    const auto& promises = attribution_methods().at(point.method).info.promises;
    for (const char* needed : {promise::at_most_column_sum, promise::at_least_rollout}) {
        if (std::find(promises.begin(), promises.end(), needed) == promises.end()) return {};
    }
    return {point_of("column_sum", point), point_of("rollout", point)};
}

}  // namespace attnflow
