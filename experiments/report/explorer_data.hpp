#pragma once
/// The examples of the explorer: networks, scores and references, in a compact form.

#include <cstddef>
#include <string>
#include <vector>

#include "experiments/report/report_options.hpp"
#include "experiments/store/results.hpp"
#include "experiments/tables/table.hpp"

namespace attnflow {

class Dataset;
struct Config;

struct ExplorerData {
    std::string networks = "[]";        ///< JSON: the settings of each embedded network
    std::string score_points = "[]";    ///< JSON: the grid points whose scores are embedded
    std::vector<std::string> examples;  ///< JSON, one an example
    std::vector<std::size_t> indices;   ///< of these examples in the run
    std::vector<std::string> left_out;
};

/// What attention_graph and token_bars show of one example, as tables: edges of every network of
/// the run, and the scores of every grid point.
std::vector<Table> example_tables(const Config& config, const Results& result, const Dataset& dataset,
                                  std::size_t example);

/// As many examples as `options` and `max_bytes` allow.
ExplorerData gather_explorer(const Config& config, const Results& result, const Dataset* dataset,
                             const ReportOptions& options, std::size_t max_bytes);

}  // namespace attnflow
