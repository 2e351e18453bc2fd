#pragma once
/// How far methods rank the tokens alike: rank correlation between the scores of every two
/// methods at the same settings.

#include <cstddef>
#include <optional>
#include <vector>

#include "experiments/store/results.hpp"

namespace attnflow {

/// Of two grid points of different methods that agree in each axis which both take, those aside that say what is
/// compared (AxisStage::comparing): all tokens count.
struct Agreement {
    std::size_t first;  ///< grid points
    std::size_t second;
    std::size_t n = 0;                              ///< examples for which it is defined
    std::optional<double> mean = {};                ///< of Spearman's correlation, over the examples
    std::optional<double> standard_deviation = {};  ///< of the population (divided by n)
};

/// By first, second. Empty when the run kept no attributions. O(pairs of points x examples x n log n).
std::vector<Agreement> agreements(const Results& results);

/// Grid points with scores of their own: the first of those that differ only in what is compared.
std::vector<std::size_t> scored_points(const std::vector<GridPoint>& grid);

}  // namespace attnflow
