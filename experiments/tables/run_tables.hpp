#pragma once
/// The files of a run: comma-separated values for programs, Markdown with the tables of the
/// paper for people.

#include <string>

#include "experiments/findings/summary.hpp"

namespace attnflow {

/// One row an example and grid point: method, axes, reference, metric, example, value.
std::string results_csv(const RunResult& result, const Config& config);
/// method, axes, reference, metric, n, n_undefined, mean, std, ci_low, ci_high.
std::string summary_csv(const RunResult& result, const Config& config, const Summary& summary);
/// first, second, axes, reference, metric, n, mean_difference, ci_low, ci_high, p, p_holm,
/// effect_size: pairs of methods on the same examples, see MethodPair.
std::string comparisons_csv(const RunResult& result, const Config& config, const Summary& summary);
/// method, axes, pairs, the share of the pairs by binding cut, ties, rank_agreement_column_sum,
/// rank_agreement_rollout: see saturation.hpp.
std::string saturation_csv(const RunResult& result);
/// method, axes, mean_share, largest_share: what pruning dropped, for points that prune.
std::string pruning_csv(const RunResult& result);
/// method, axes, example, position, token, score, binding_cut.
std::string attributions_csv(const RunResult& result);
std::string failures_csv(const RunResult& result);
/// The tables of the paper: methods by layer, mean ± std, for each reference and axis value, with
/// intervals and paired tests.
std::string summary_markdown(const RunResult& result, const Config& config, const Summary& summary);
/// Provenance: version, settings, examples, fixed point. Nothing that differs between two
/// runs of the same input.
std::string run_json(const RunResult& result, const Config& config);

}  // namespace attnflow
