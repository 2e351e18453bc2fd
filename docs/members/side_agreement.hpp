#pragma once
/// Side agreement: the share of tokens whose score and reference lie on the same side of their means.
///
/// In [0, 1]; undefined where either is constant or there are fewer than two tokens.  O(n).

#include <algorithm>
#include <numeric>

#include "experiments/metrics/metric.hpp"

class SideAgreement {
public:
    static attnflow::EntryInfo describe() {
        using namespace attnflow;
        return {.name = "side_agreement",
                .summary = "share of tokens on the same side of the mean",
                .complexity = "O(n)",
                .promises = {metric_promise::at_most_one, metric_promise::one_for_equal, metric_promise::symmetric,
                             metric_promise::order_free}};
    }

    std::optional<double> evaluate(std::span<const double> scores, std::span<const double> reference) const {
        if (is_constant(scores) || is_constant(reference)) return std::nullopt;
        const double mean_score = mean(scores);
        const double mean_reference = mean(reference);
        std::size_t same = 0;
        for (std::size_t t = 0; t < scores.size(); ++t)
            same += (scores[t] > mean_score) == (reference[t] > mean_reference);
        return static_cast<double>(same) / static_cast<double>(scores.size());
    }

    static std::vector<attnflow::KnownAgreement> known_agreements() {
        return {{{1.0, 2.0, 6.0}, {1.0, 5.0, 6.0}, 2.0 / 3.0}, {{1.0, 1.0}, {1.0, 2.0}, std::nullopt}};
    }

private:
    static bool is_constant(std::span<const double> values) {
        return std::all_of(values.begin(), values.end(), [&](double value) { return value == values.front(); });
    }
    // Summed in order of size, so that the order of the tokens does not matter.
    static double mean(std::span<const double> values) {
        std::vector<double> sorted(values.begin(), values.end());
        std::sort(sorted.begin(), sorted.end());
        return std::accumulate(sorted.begin(), sorted.end(), 0.0) / static_cast<double>(sorted.size());
    }
};
