#pragma once
/// Precision at k: the share of the k highest-scored tokens that the reference calls relevant.
///
/// Relevant is a token whose reference score is at least `relevant` times the largest one:
/// for a reference of 0 and 1 (human rationales) exactly the ones, for importance scores the
/// tokens that come near the most important. Where a tie of scores crosses the line, the tied
/// tokens share the places that are left, so the value is the mean over all orders of the
/// ties. In [0, 1]; undefined when n <= k, the scores are constant, no reference score is
/// positive, or a value is NaN.  O(n).
///
/// DeYoung et al., "ERASER", ACL 2020, arXiv:1911.03429, for rationales

#include <algorithm>

#include "experiments/metrics/metric.hpp"
#include "experiments/metrics/top_k.hpp"

namespace attnflow {

class PrecisionAtK {
public:
    static EntryInfo describe() {
        return {
            .name = "precision_at_k",
            .summary = "share of the k highest-scored tokens that are relevant in the reference",
            .paper = "DeYoung et al. 2020, arXiv:1911.03429",
            .complexity = "O(n)",
            .parameters = {{.name = "k", .summary = "tokens looked at", .fallback = std::int64_t{3}, .minimum = 1},
                           {.name = "relevant",
                            .summary = "smallest reference score of a relevant token, as a share of the largest",
                            .fallback = 0.5,
                            .minimum = 1e-6,
                            .maximum = 1.0}},
            .promises = {metric_promise::at_most_one, metric_promise::order_free}};
    }
    static std::vector<KnownAgreement> known_agreements() {
        return {{{5.0, 4.0, 3.0, 2.0, 1.0}, {10.0, 1.0, 6.0, 0.0, 9.0}, 0.6666666666666666},
                {{3.0, 2.0, 1.0}, {3.0, 2.0, 1.0}, std::nullopt}};
    }

    explicit PrecisionAtK(const Parameters& parameters)
        : k_(static_cast<std::size_t>(parameters.get<std::int64_t>("k"))),
          relevant_(parameters.get<double>("relevant")) {}

    std::optional<double> evaluate(std::span<const double> scores, std::span<const double> reference) const {
        const auto shares = top_k_shares(scores, k_);
        if (!shares) return std::nullopt;
        const double largest = *std::max_element(reference.begin(), reference.end());
        if (!(largest > 0.0)) return std::nullopt;
        double hits = 0.0;
        for (std::size_t t = 0; t < shares->size(); ++t) {
            if (reference[t] >= relevant_ * largest) hits += (*shares)[t];
        }
        return hits / static_cast<double>(k_);
    }

private:
    std::size_t k_;
    double relevant_;
};

}  // namespace attnflow
