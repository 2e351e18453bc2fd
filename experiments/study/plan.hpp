#pragma once
/// What a run computes for each example, and in which order: the grid points taken apart into
/// attributions (points that only differ in what is read off share one) and steps
/// (attributions of one network that can be made in one pass over the layers).

#include <optional>
#include <vector>

#include "experiments/study/config.hpp"

namespace attnflow {

struct Plan {
    /// The grid, then the points that only references by method(NAME) or flow_bounds() ask for.
    std::vector<GridPoint> points;
    std::size_t grid_size = 0;
    std::vector<std::size_t> attribution_of;          ///< by point
    std::vector<GridPoint> attributions;              ///< a point of each; its reading axes do not matter
    std::vector<std::vector<std::size_t>> points_of;  ///< by attribution

    /// Same method, network and sources, layers ascending. By number of attribution.
    using Step = std::vector<std::size_t>;
    std::vector<Step> steps;  ///< those that share a network, or all of it but the heads, lie side by side

    std::vector<GridPoint> grid() const { return {points.begin(), points.begin() + static_cast<long>(grid_size)}; }
};

/// Throws ParameterError as expand_grid does.
Plan make_plan(const Config& config, std::size_t layers);

/// The plan of points whose attributions are known already (those of a stored run).
Plan plan_of(std::vector<GridPoint> points, std::size_t grid_size);

/// The point whose scores a method(NAME) reference compares `point` with: the same axis
/// values. Nothing where NAME takes an axis that the point lacks.
std::optional<GridPoint> reference_point(const Reference& reference, const GridPoint& point);

/// The points of column_sum and rollout with the axis values of `point`; nothing unless the
/// method of `point` promises to lie between them. A plan has them for the saturation report.
struct FlowBounds {
    std::optional<GridPoint> column_sum;
    std::optional<GridPoint> rollout;
};
FlowBounds flow_bounds(const GridPoint& point);

}  // namespace attnflow
