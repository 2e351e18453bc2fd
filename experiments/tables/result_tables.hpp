#pragma once
/// The tables of a run: as files of comma-separated values, and as tables that reports draw from. Their columns
/// are defined in result_tables.cpp, once for both.

#include <string>
#include <vector>

#include "experiments/findings/agreement.hpp"
#include "experiments/findings/findings.hpp"
#include "experiments/tables/table.hpp"

namespace attnflow {

/// One row an example and grid point: method, axes, reference, metric, example, value.
std::string results_csv(const Results& result, const Config& config);

/// method, axes, reference, metric, n, n_undefined, mean, std, ci_low, ci_high.
std::string summary_csv(const Results& result, const Config& config, const Summary& summary);
Table summary_table(const Results& result, const Config& config, const Summary& summary);

/// first, second, axes, reference, metric, n, mean_difference, ci_low, ci_high, p, p_holm,
/// effect_size: pairs of methods on the same examples, see MethodPair.
std::string comparisons_csv(const Results& result, const Config& config, const Summary& summary);
/// The same with method, axes, other_method in front.
Table comparisons_table(const Results& result, const Config& config, const Summary& summary);

/// method, axes, pairs, the share of the pairs by binding cut, ties, and rank_agreement_NAME for each method that
/// methods are compared with: see findings/saturation.hpp.
std::string saturation_csv(const Results& result, const std::vector<Saturation>& saturation);
/// One row a grid point and kind of cut: method, axes, cut, pairs, share.
Table cuts_table(const Results& result, const std::vector<Saturation>& saturation);

/// method, axes, other_method, n, mean, std: see findings/agreement.hpp.
Table agreement_table(const Results& result);

/// method, axes, mean_share, largest_share: what pruning dropped, for points that prune.
std::string pruning_csv(const Results& result);

/// method, axes, example, position, token, score, binding_cut.
std::string attributions_csv(const Results& result);
/// Of these rows of result.attributions only.
Table attributions_table(const Results& result, const std::vector<const AttributionRow*>& rows);

/// method, axes, example, message.
std::string failures_csv(const Results& result);

}  // namespace attnflow
