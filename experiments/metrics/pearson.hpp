#pragma once
/// Pearson's correlation: the cosine of the two sides after their means are taken off. It
/// looks at values, not at ranks: one large score can decide it.
///
/// In [-1, 1]; ties are nothing special. Undefined when either side is constant, n < 2, or a
/// value is not finite.  O(n), two passes.
///
/// Pearson, "Notes on regression and inheritance in the case of two parents", 1895

#include "experiments/metrics/metric.hpp"

namespace attnflow {

class Pearson {
public:
    static EntryInfo describe() {
        return {.name = "pearson",
                .summary = "linear correlation of the values themselves",
                .paper = "Pearson 1895",
                .complexity = "O(n)",
                .promises = {metric_promise::at_most_one, metric_promise::one_for_equal, metric_promise::symmetric,
                             metric_promise::order_free},
                .title = "Pearson"};
    }
    static std::vector<KnownAgreement> known_agreements() {
        return {{{1.0, 2.0, 4.0}, {2.0, 1.0, 5.0}, 0.8386278693775346}, {{1.0, 1.0}, {1.0, 2.0}, std::nullopt}};
    }

    std::optional<double> evaluate(std::span<const double> scores, std::span<const double> reference) const;
};

}  // namespace attnflow
