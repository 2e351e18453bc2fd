#pragma once
/// How far methods rank the tokens alike: rank correlation between the scores of every two
/// methods at the same settings.

#include "experiments/run/runner.hpp"
#include "experiments/tables/table.hpp"

namespace attnflow {

/// One row for every two grid points of different methods that agree in each axis which both
/// take (positions aside: all tokens count): the axes of either, method, other_method, n, and
/// mean and std over the examples of Spearman's correlation. Empty when the run kept no
/// attributions. O(pairs of points x examples x n log n).
Table agreement_table(const RunResult& result);

/// Grid points with scores of their own: the first of those that differ in positions only.
std::vector<std::size_t> scored_points(const std::vector<GridPoint>& grid);

}  // namespace attnflow
