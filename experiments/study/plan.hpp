#pragma once
/// What a run computes for each example, and in which order: the grid points taken apart into
/// attributions (points that only differ in what is read off share one) and steps
/// (attributions of one network that can be made in one pass over the layers).

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "experiments/study/grid_point.hpp"
#include "experiments/study/reference.hpp"

namespace attnflow {

struct Config;

struct Plan {
    /// The grid, then the points that only references by method(NAME) or compared_with() ask for.
    std::vector<GridPoint> points;
    std::vector<PointOptions> options;  ///< of each point
    std::size_t grid_size = 0;
    std::set<std::string> own_defaults;               ///< axes that the grid leaves to the methods
    std::vector<std::size_t> attribution_of;          ///< by point
    std::vector<GridPoint> attributions;              ///< a point of each; its reading axes do not matter
    std::vector<std::vector<std::size_t>> points_of;  ///< by attribution

    /// Same method, network and sources, layers ascending. By number of attribution.
    using Step = std::vector<std::size_t>;
    std::vector<Step> steps;  ///< those that share a network, or all of it but the heads, lie side by side

    std::vector<GridPoint> grid() const { return {points.begin(), points.begin() + static_cast<long>(grid_size)}; }
    /// Of an attribution; what its reading axes set does not matter.
    const PointOptions& attribution_options(std::size_t attribution) const {
        return options[points_of[attribution].front()];
    }
};

/// Throws ParameterError as expand_grid does.
Plan make_plan(const Config& config, std::size_t layers);

/// The plan of points whose attributions are known already (those of a stored run).
Plan plan_of(std::vector<GridPoint> points, std::size_t grid_size);

/// The point whose scores a method(NAME) reference compares `point` with: the same axis
/// values, those aside that a grid leaves to the methods, where NAME has its own. Nothing where NAME takes an axis
/// that the point lacks.
std::optional<GridPoint> reference_point(const Reference& reference, const GridPoint& point,
                                         const std::set<std::string>& own_defaults = {});

/// The points of the methods that the method of `point` declares to be compared with (EntryInfo::compared_with),
/// at its axis values. A plan has them, so that findings::saturation can rank beside them.
std::vector<GridPoint> compared_with(const GridPoint& point);

}  // namespace attnflow
