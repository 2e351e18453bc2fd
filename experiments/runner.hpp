#pragma once
/// The experiment runner: every grid point on every example, compared with every reference.
/// It knows no method by name.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "attention/dataset.hpp"
#include "experiments/config.hpp"
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
};

/// The scores of one example at one grid point, as they were compared.
struct AttributionRow {
    std::size_t example;
    std::size_t point;
    std::vector<double> scores;    ///< one a token, all positions
    std::vector<BindingCut> cuts;  ///< as `scores`, for flows from a single source
};

struct Failure {
    std::size_t example;
    std::size_t point;
    std::string message;
};

/// How often each kind of cut binds at a grid point, over its pairs in all examples.
struct CutCounts {
    std::size_t point;
    std::size_t pairs[std::size(all_cut_kinds)] = {};
};

struct RunResult {
    std::vector<std::string> examples;             ///< ids
    std::vector<std::vector<std::string>> tokens;  ///< by example, when attributions are kept
    std::vector<GridPoint> grid;
    std::vector<ResultRow> rows;               ///< by example, point, reference, metric
    std::vector<AttributionRow> attributions;  ///< when the config asks for them
    std::vector<Failure> failures;
    std::vector<CutCounts> cuts;  ///< for points whose method reports cuts
    /// Of all flows: bits, the largest error bound, all entries rounded to 0 (each example
    /// and network counted once).
    std::optional<FixedPoint> fixed_point;
    double largest_row_sum_deviation = 0.0;
};

/// Called after each example, from any worker but never by two at once.
using Progress = std::function<void(std::size_t done, std::size_t total, std::size_t failures)>;

/// Checks every example first and throws InputError before any work when one is bad: not
/// attention, a reference that is missing, a layer or source that does not exist. A cell that
/// throws later is recorded as a failure and the rest goes on. The result is the same for
/// any number of `jobs` (threads, at least 1).
RunResult run_experiment(const Config& config, const Dataset& dataset, std::size_t jobs,
                         const Progress& progress = {});

}  // namespace attnflow
