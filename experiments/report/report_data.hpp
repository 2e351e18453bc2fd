#pragma once
/// Everything a report shows, gathered from a run: tidy tables for the charts, and the
/// embedded examples of the explorer. The page and the figures are drawn from its JSON by
/// the bundled web asset (web/README.md describes the document); nothing else is needed.

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "attention/dataset.hpp"
#include "experiments/run/runner.hpp"
#include "experiments/tables/table.hpp"

namespace attnflow {

struct ReportOptions {
    /// Most examples embedded in the explorer, in the order of the dataset.
    std::size_t examples = 20;
    /// Only this example, by id, when not empty.
    std::string example = {};
    /// Why there is no dataset: it is not the one that the run read (else: it cannot be read).
    bool dataset_changed = false;
    /// Examples that are done, where the run is not finished: the page says so.
    std::optional<std::size_t> unfinished_at = {};
    std::size_t total = 0;  ///< examples of the whole run, where its store has a part of them
    /// Most bytes of the document; examples are left out to keep below it.
    std::size_t max_bytes = 18'000'000;
    std::size_t jobs = 1;  ///< threads; the document does not depend on it
};

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
ReportData gather_report(const Config& config, const RunResult& result, const Dataset* dataset,
                         const ReportOptions& options);

}  // namespace attnflow
