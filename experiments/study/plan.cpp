#include "experiments/study/plan.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "algorithms/attribution_method.hpp"
#include "experiments/study/axes/heads.hpp"
#include "experiments/study/axes/layer.hpp"
#include "experiments/study/expectations.hpp"
#include "experiments/study/grid.hpp"
#include "experiments/study/method_call.hpp"

namespace attnflow {
namespace {

// Numbers texts in the order in which they appear.
class Numbers {
public:
    std::size_t operator()(const std::string& text) {
        return numbers_.emplace(text, numbers_.size()).first->second;
    }

private:
    std::map<std::string, std::size_t> numbers_;
};

}  // namespace

Plan make_plan(const Config& config, std::size_t layers) {
    std::vector<GridPoint> points = expand_grid(config, layers);
    const std::size_t grid_size = points.size();
    std::set<std::string> known;
    for (const GridPoint& point : points) known.insert(point.key(AxisStage::comparing));
    const auto ask_for = [&](std::optional<GridPoint> other) {
        if (other && known.insert(other->key(AxisStage::comparing)).second) points.push_back(std::move(*other));
    };
    const std::set<std::string> own = own_defaults(points);
    for (const Reference& reference : config.references) {
        for (std::size_t p = 0; p < grid_size; ++p) ask_for(reference_point(reference, points[p], own));
    }
    for (std::size_t p = 0; p < grid_size; ++p) {
        for (GridPoint& other : compared_with(points[p])) ask_for(std::move(other));
    }
    return plan_of(std::move(points), grid_size);
}

Plan plan_of(std::vector<GridPoint> points, std::size_t grid_size) {
    Plan plan;
    plan.points = std::move(points);
    plan.grid_size = grid_size;
    plan.own_defaults = own_defaults({plan.points.data(), grid_size});
    for (const GridPoint& point : plan.points) plan.options.push_back(options_of(point));
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
        const GridPoint any_layer = plan.attributions[a].without(LayerAxis::name);
        const GridPoint any_heads = any_layer.without(HeadsAxis::name);
        sorted[{families(any_heads.key(AxisStage::network)), networks(any_layer.key(AxisStage::network)),
                steps(any_layer.key(AxisStage::attribution))}]
            .push_back(a);
    }
    for (auto& [place, step] : sorted) {
        std::stable_sort(step.begin(), step.end(), [&](std::size_t a, std::size_t b) {
            return plan.attributions[a].layer() < plan.attributions[b].layer();
        });
        plan.steps.push_back(std::move(step));
    }
    return plan;
}

std::optional<GridPoint> reference_point(const Reference& reference, const GridPoint& point,
                                         const std::set<std::string>& own_defaults) {
    if (reference.kind != Reference::Kind::method) return std::nullopt;
    auto other = point_of_method(reference.name, point);
    if (!other) return std::nullopt;
    for (const std::string& axis : own_defaults) {
        if (other->has(axis)) other->values[axis] = axes().at(axis).fallback;
    }
    return with_expected(std::move(*other), own_defaults);
}

std::vector<GridPoint> compared_with(const GridPoint& point) {
    std::vector<GridPoint> others;
    for (const std::string& method : method_entry(point.method).info.compared_with) {
        if (auto other = point_of_method(method, point)) others.push_back(std::move(*other));
    }
    return others;
}

}  // namespace attnflow
