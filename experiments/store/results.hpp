#pragma once
/// What came out of a run, row by row: what findings are drawn from and tables show.

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "algorithms/diagnostics.hpp"
#include "experiments/study/grid_point.hpp"
#include "experiments/study/point_options.hpp"
#include "graph/binding_cut.hpp"
#include "graph/quantiser.hpp"

namespace attnflow {

/// One value: an example, a grid point, a reference and a metric, by index.
struct ResultRow {
    std::size_t example;
    std::size_t point;
    std::size_t reference;
    std::size_t metric;
    std::optional<double> value;  ///< nothing where the metric is undefined
    bool operator==(const ResultRow&) const = default;
};

/// A cell (example, grid point) without a result.
struct Failure {
    std::size_t example;
    std::size_t point;
    std::string message;
    bool operator==(const Failure&) const = default;
};

/// Of one example.
struct ExampleResults {
    std::vector<ResultRow> rows;  ///< by point, reference, metric
    std::vector<Failure> failures;
};

/// The scores of one example at one grid point, as they were compared.
struct AttributionRow {
    std::size_t example;
    std::size_t point;
    std::vector<double> scores;    ///< one a unit, all positions; `positions` says which are compared
    std::vector<BindingCut> cuts;  ///< as `scores`, for flows from a single source
};

/// What a method says of its answer for one example, where it says something.
struct DiagnosticsRow {
    std::size_t example;
    std::size_t point;  ///< the first of those that share the answer, see Results::point()
    Diagnostics diagnostics;
};

/// How much of the attention pruning dropped at a grid point, over all examples.
struct PruningShares {
    std::size_t point = 0;
    double mean = 0.0;
    double largest = 0.0;
    std::size_t examples_without = 0;          ///< that were left no attention at all
    std::size_t examples_with_empty_rows = 0;  ///< these, and those that lost all of some rows
    std::size_t empty_rows = 0;                ///< over all examples
};

/// Flows of a run, and how many of them were proven by a certificate of their own or solved a second time by
/// another method. Where heads are combined late, those of each pass.
struct FlowCounts {
    std::size_t pairs = 0;
    std::size_t checked = 0;
};

struct Results {
    std::vector<std::string> examples;                 ///< ids
    std::vector<std::vector<std::string>> tokens;      ///< by example
    std::vector<std::vector<std::size_t>> words;       ///< by example: as ExampleRecord::words
    std::vector<std::vector<std::string>> word_texts;  ///< by example: these words
    std::vector<std::string> special_tokens;           ///< that positions = no_special leaves out
    std::vector<GridPoint> grid;
    std::vector<ResultRow> rows;               ///< by example, point, reference, metric
    std::vector<AttributionRow> attributions;  ///< when the config asks for them
    std::vector<Failure> failures;
    std::vector<PruningShares> pruning;       ///< for points that prune
    std::vector<GridPoint> beside_grid;       ///< points that only references ask for
    std::vector<DiagnosticsRow> diagnostics;  ///< by example
    /// Of all flows: bits, the largest error bound, all entries rounded to 0 (each example
    /// and network counted once).
    std::optional<FixedPoint> fixed_point;
    FlowCounts flows;
    double largest_row_sum_deviation = 0.0;

    /// Of the grid or, numbered after it, beside it.
    const GridPoint& point(std::size_t number) const {
        return number < grid.size() ? grid[number] : beside_grid.at(number - grid.size());
    }

    /// What the scores of an example are of: its tokens, or its words.
    const std::vector<std::string>& units(std::size_t example, const UnitChoice& choice) const {
        return choice.are_words() ? word_texts.at(example) : tokens.at(example);
    }
};

}  // namespace attnflow
