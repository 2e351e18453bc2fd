#pragma once
/// The grid of an experiment: methods x the values of the axes that each takes.

#include <cstddef>
#include <vector>

#include "experiments/study/config.hpp"
#include "experiments/study/grid_point.hpp"

namespace attnflow {

/// For each block methods x the axes each takes, last axis fastest; a point that several blocks hold counts once.
/// What members of a point expect stands in place of the default of an axis that nothing asks for.
/// Throws ParameterError for values that attention of `layers` layers does not have, and for a grid of more than
/// 100,000 points.
std::vector<GridPoint> expand_grid(const Config& config, std::size_t layers);

}  // namespace attnflow
