#pragma once
/// The tables of a run: as files of comma-separated values, and as tables that reports draw from. Their columns
/// are defined in result_tables.cpp, once for both: a new column is a line there. Every table begins with method
/// and axes; here stands what a row is.

#include <string>
#include <vector>

#include "experiments/findings/agreement.hpp"
#include "experiments/findings/findings.hpp"
#include "experiments/tables/table.hpp"

namespace attnflow {

/// An example at a grid point, compared with a reference by a metric.
std::string results_csv(const Results& result, const Config& config);

/// A grid point, reference and metric: means over the examples.
std::string summary_csv(const Results& result, const Config& config, const Summary& summary);
Table summary_table(const Results& result, const Config& config, const Summary& summary);

/// Two methods on the same examples, see MethodPair: the file names them first and second, in front of the axes.
std::string comparisons_csv(const Results& result, const Config& config, const Summary& summary);
/// The same; they are method and other_method, which stands behind the axes.
Table comparisons_table(const Results& result, const Config& config, const Summary& summary);

/// A grid point of a method that has cuts, see findings/saturation.hpp.
std::string saturation_csv(const Results& result, const std::vector<Saturation>& saturation);
/// A grid point and kind of cut.
Table cuts_table(const Results& result, const std::vector<Saturation>& saturation);

/// Two methods at one point, see findings/agreement.hpp.
Table agreement_table(const Results& result);

/// A grid point that prunes: what was dropped.
std::string pruning_csv(const Results& result);

/// A number or a warning of the answer for an example at a grid point, or at one that only references ask for.
std::string diagnostics_csv(const Results& result);

/// A token of an example at a grid point.
std::string attributions_csv(const Results& result);
/// Of these rows of result.attributions only.
Table attributions_table(const Results& result, const std::vector<const AttributionRow*>& rows);

/// An example at a grid point that failed.
std::string failures_csv(const Results& result);

}  // namespace attnflow
