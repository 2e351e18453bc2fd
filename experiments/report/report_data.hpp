#pragma once
/// Everything a report shows, gathered from a run: tidy tables for the charts, and the
/// embedded examples of the explorer. The page and the figures are drawn from its JSON by
/// the bundled web asset (web/README.md describes the document); nothing else is needed.

#include <cstddef>
#include <string>
#include <vector>

#include "experiments/findings/findings.hpp"
#include "experiments/report/report_options.hpp"
#include "experiments/store/results.hpp"
#include "experiments/tables/table.hpp"

namespace attnflow {

class Dataset;
struct Config;

struct ReportData {
    std::string name;           ///< of the run's config
    std::vector<Table> tables;  ///< by figure
    /// The tables of figures that show the first embedded example: not part of the document.
    std::vector<Table> example_tables;
    std::string json;                   ///< the whole document, pure ASCII outside strings, without '<'
    std::vector<std::string> left_out;  ///< what is missing and why, a sentence each
    std::size_t embedded_examples = 0;
};

/// `dataset` may be null when it cannot be found any more or has changed: the charts need only the
/// run, the explorer is then left out, which `left_out` says. The page warns of a changed dataset, of failed cells
/// (their number and the first reason) and of a run that is not finished. Throws
/// ParameterError when options.example is not an example of the run. Time: O(examples of the run x pairs of
/// methods) for the agreement table, O(L n^2) for each embedded example and network.
ReportData gather_report(const Config& config, const Results& result, const Findings& findings,
                         const Dataset* dataset, const ReportOptions& options);

}  // namespace attnflow
