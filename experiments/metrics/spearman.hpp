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
                .title = "Spearman"};
    }
    std::optional<double> evaluate(std::span<const double> scores, std::span<const double> reference) const;
};

}  // namespace attnflow
