#pragma once
/// Spearman's rank correlation: Pearson's correlation of the ranks, tied values getting
/// their average rank. In [-1, 1]; undefined when either side is constant or n < 2.
///
/// Spearman, "The Proof and Measurement of Association between Two Things", 1904

#include "experiments/metrics/metric.hpp"

namespace attnflow {

class Spearman {
public:
    static EntryInfo describe() {
        return {.name = "spearman",
                .summary = "rank correlation, tied values get their average rank",
                .paper = "Spearman 1904",
                .complexity = "O(n log n)",
                .promises = {metric_promise::at_most_one, metric_promise::one_for_equal, metric_promise::symmetric,
                             metric_promise::ranks_only, metric_promise::order_free},
                .title = "Spearman"};
    }
    static std::vector<KnownAgreement> known_agreements() {
        return {{{1.0, 2.0, 3.0, 4.0}, {1.0, 3.0, 2.0, 4.0}, 0.8},
                {{1.0, 1.0, 2.0}, {1.0, 2.0, 3.0}, 0.8660254037844386},
                {{1.0, 1.0}, {1.0, 2.0}, std::nullopt}};
    }

    std::optional<double> evaluate(std::span<const double> scores, std::span<const double> reference) const;
};

}  // namespace attnflow
