#pragma once
/// Kendall's rank correlation tau-b: how many more pairs of tokens the two sides order alike
/// than differently, corrected for ties.
///
///   tau_b = (P - Q) / sqrt((P + Q + T_x) (P + Q + T_y))
///
/// P concordant and Q discordant pairs, T_x (T_y) pairs tied in the scores (the reference)
/// only; pairs tied in both count nowhere. In [-1, 1]; undefined when either side is
/// constant, n < 2, or a value is NaN.  O(n log n): sorted by one side, the other is sorted
/// by merging, which counts the discordant pairs.
///
/// Kendall, "The treatment of ties in ranking problems", Biometrika 33, 1945; Knight, "A
/// computer method for calculating Kendall's tau with ungrouped data", JASA 61, 1966

#include "experiments/metrics/metric.hpp"

namespace attnflow {

class KendallTauB {
public:
    static EntryInfo describe() {
        return {.name = "kendall_tau_b",
                .summary = "concordant minus discordant pairs, corrected for ties",
                .paper = "Kendall 1945",
                .complexity = "O(n log n)",
                .promises = {metric_promise::at_most_one, metric_promise::one_for_equal, metric_promise::symmetric,
                             metric_promise::ranks_only, metric_promise::order_free},
                .title = "Kendall tau-b"};
    }
    static std::vector<KnownAgreement> known_agreements() {
        return {{{1.0, 2.0, 3.0, 4.0}, {1.0, 3.0, 2.0, 4.0}, 0.6666666666666666},
                {{1.0, 1.0, 2.0}, {1.0, 2.0, 3.0}, 0.8164965809277261},
                {{1.0, 1.0}, {1.0, 2.0}, std::nullopt}};
    }

    std::optional<double> evaluate(std::span<const double> scores, std::span<const double> reference) const;
};

}  // namespace attnflow
