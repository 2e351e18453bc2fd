#pragma once
/// From rows to tables: means over examples, the files of a run, the table of the paper.

#include <optional>
#include <string>
#include <vector>

#include "experiments/runner.hpp"

namespace attnflow {

/// The values of one grid point, reference and metric over the examples.
struct SummaryRow {
    std::size_t point;
    std::size_t reference;
    std::size_t metric;
    std::size_t n = 0;                              ///< values that the mean is over
    std::size_t n_undefined = 0;                    ///< examples for which the metric is undefined
    std::optional<double> mean = {};                ///< nothing when n = 0
    std::optional<double> standard_deviation = {};  ///< of the population (divided by n)
};

std::vector<SummaryRow> summarise(const RunResult& result, const Config& config);

/// One row an example and grid point: method, axes, reference, metric, example, value.
std::string results_csv(const RunResult& result, const Config& config);
/// method, axes, reference, metric, n, n_undefined, mean, std.
std::string summary_csv(const RunResult& result, const Config& config);
/// method, axes, cut, pairs, share: which cuts bind the flows of each grid point.
std::string binding_cuts_csv(const RunResult& result);
/// method, axes, example, position, token, score, binding_cut.
std::string attributions_csv(const RunResult& result);
std::string failures_csv(const RunResult& result);
/// The tables of the paper: methods by layer, mean ± std, for each reference and axis value.
std::string summary_markdown(const RunResult& result, const Config& config);
/// Provenance: version, settings, examples, fixed point. Nothing that differs between two
/// runs of the same input.
std::string run_json(const RunResult& result, const Config& config);

}  // namespace attnflow
