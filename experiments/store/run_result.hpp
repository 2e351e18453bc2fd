#pragma once
/// The outcome of a run, as tables and reports read it.

#include <optional>
#include <string>
#include <vector>

#include "experiments/findings/saturation.hpp"
#include "experiments/run/comparison.hpp"
#include "graph/binding_cut.hpp"
#include "graph/quantiser.hpp"

namespace attnflow {

/// The scores of one example at one grid point, as they were compared.
struct AttributionRow {
    std::size_t example;
    std::size_t point;
    std::vector<double> scores;    ///< one a token, all positions; `positions` says which are compared
    std::vector<BindingCut> cuts;  ///< as `scores`, for flows from a single source
};

/// How often each kind of cut binds at a grid point, over its pairs in all examples.
struct CutCounts {
    std::size_t point;
    std::size_t pairs[std::size(all_cut_kinds)] = {};
};

/// How much of the attention pruning dropped at a grid point, over all examples.
struct PruningShares {
    std::size_t point;
    double mean = 0.0;
    double largest = 0.0;
};

struct RunResult {
    std::vector<std::string> examples;             ///< ids
    std::vector<std::vector<std::string>> tokens;  ///< by example
    std::vector<std::string> special_tokens;       ///< that positions = no_special leaves out
    std::vector<GridPoint> grid;
    std::vector<ResultRow> rows;               ///< by example, point, reference, metric
    std::vector<AttributionRow> attributions;  ///< when the config asks for them
    std::vector<Failure> failures;
    std::vector<CutCounts> cuts;  ///< for points whose method reports cuts
    std::vector<Saturation> saturation;
    std::vector<PruningShares> pruning;  ///< for points that prune
    /// Of all flows: bits, the largest error bound, all entries rounded to 0 (each example
    /// and network counted once).
    std::optional<FixedPoint> fixed_point;
    double largest_row_sum_deviation = 0.0;
};

}  // namespace attnflow
