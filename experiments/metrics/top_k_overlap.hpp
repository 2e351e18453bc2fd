#pragma once
/// Overlap of the k highest-scored tokens with the k highest of the reference: the Jaccard
/// index |A n B| / |A u B| of the two sets.
///
/// Where a tie crosses the line, the tied tokens share the places that are left (a_t and b_t
/// in [0, 1] instead of 0 or 1, see top_k.hpp), and the index is sum min(a, b) / sum max(a, b):
/// equal rankings give 1 whatever the ties. In [0, 1]; undefined when n <= k (both sets would
/// be everything), either side is constant, or a value is NaN.  O(n).
///
/// Jaccard, "The distribution of the flora in the alpine zone", 1912; with shares: Ruzicka, 1958

#include <algorithm>

#include "experiments/metrics/metric.hpp"
#include "experiments/metrics/top_k.hpp"

namespace attnflow {

class TopKOverlap {
public:
    static EntryInfo describe() {
        return {.name = "top_k_overlap",
                .summary = "Jaccard index of the k highest tokens on both sides; tied tokens share places",
                .paper = "Jaccard 1912",
                .complexity = "O(n)",
                .parameters =
                    {{.name = "k", .summary = "size of the sets", .fallback = std::int64_t{3}, .minimum = 1}},
                .promises = {metric_promise::at_most_one, metric_promise::one_for_equal, metric_promise::symmetric,
                             metric_promise::ranks_only, metric_promise::order_free}};
    }
    static std::vector<KnownAgreement> known_agreements() {
        return {{{5.0, 4.0, 3.0, 2.0, 1.0}, {5.0, 4.0, 1.0, 2.0, 3.0}, 0.5},
                {{3.0, 2.0, 1.0}, {3.0, 2.0, 1.0}, std::nullopt}};
    }

    explicit TopKOverlap(const Parameters& parameters)
        : k_(static_cast<std::size_t>(parameters.get<std::int64_t>("k"))) {}

    std::optional<double> evaluate(std::span<const double> scores, std::span<const double> reference) const {
        const auto a = top_k_shares(scores, k_);
        const auto b = top_k_shares(reference, k_);
        if (!a || !b) return std::nullopt;
        double both = 0.0;
        double either = 0.0;
        for (std::size_t t = 0; t < a->size(); ++t) {
            both += std::min((*a)[t], (*b)[t]);
            either += std::max((*a)[t], (*b)[t]);
        }
        return both / either;
    }

private:
    std::size_t k_;
};

}  // namespace attnflow
