#pragma once
/// 1 - 6 sum d^2 / (n (n^2 - 1)) on *dense* ranks: what the authors' SST-2 script computes.
///
/// Not a correlation: the formula holds without ties only, and dense ranks bias it upwards
/// (independent data with 20 % ties give about +0.05, with 40 % about +0.20). It exists to
/// reproduce published numbers; use `spearman` for anything else. Undefined for n < 2.

#include "experiments/metrics/metric.hpp"
#include "experiments/metrics/ranks.hpp"

namespace attnflow {

class SpearmanDenseRank {
public:
    static EntryInfo describe() {
        return {.name = "spearman_dense_rank",
                .summary = "the authors' 1 - 6 sum d^2 / (n (n^2 - 1)) on dense ranks; biased upwards by ties",
                .paper = "github.com/samiraabnar/attention_flow, compute_corel_distilbert_sst.py",
                .complexity = "O(n log n)",
                .promises = {metric_promise::at_most_one, metric_promise::one_for_equal, metric_promise::symmetric,
                             metric_promise::ranks_only, metric_promise::order_free},
                .title = "Spearman (dense ranks)"};
    }

    static std::vector<KnownAgreement> known_agreements() {
        return {{{1.0, 1.0, 2.0}, {1.0, 2.0, 3.0}, 0.5},
                {{1.0, 2.0, 3.0, 4.0}, {1.0, 3.0, 2.0, 4.0}, 0.8},
                {{1.0}, {1.0}, std::nullopt}};
    }

    std::optional<double> evaluate(std::span<const double> scores, std::span<const double> reference) const {
        if (scores.size() < 2) return std::nullopt;
        const auto x = dense_ranks(scores);
        const auto y = dense_ranks(reference);
        double squares = 0.0;
        for (std::size_t i = 0; i < x.size(); ++i) squares += (x[i] - y[i]) * (x[i] - y[i]);
        const double n = static_cast<double>(x.size());
        return 1.0 - 6.0 * squares / (n * (n * n - 1.0));
    }
};

}  // namespace attnflow
