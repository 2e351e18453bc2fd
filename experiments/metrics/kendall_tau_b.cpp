#include "experiments/metrics/kendall_tau_b.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <vector>

namespace attnflow {
namespace {

// Pairs within runs of equal elements of a sorted range.
template <class Equal>
std::int64_t tied_pairs(std::size_t count, Equal equal) {
    std::int64_t pairs = 0;
    std::int64_t run = 0;  // equal elements before this one
    for (std::size_t i = 1; i < count; ++i) {
        run = equal(i - 1, i) ? run + 1 : 0;
        pairs += run;
    }
    return pairs;
}

// Sorts `values` and returns the pairs i < j with values[i] > values[j].
std::int64_t sort_counting_inversions(std::vector<double>& values) {
    std::vector<double> merged(values.size());
    std::int64_t inversions = 0;
    for (std::size_t width = 1; width < values.size(); width *= 2) {
        for (std::size_t begin = 0; begin < values.size(); begin += 2 * width) {
            const std::size_t middle = std::min(begin + width, values.size());
            const std::size_t end = std::min(begin + 2 * width, values.size());
            std::size_t left = begin;
            std::size_t right = middle;
            for (std::size_t out = begin; out < end; ++out) {
                if (right == end || (left < middle && values[left] <= values[right])) {
                    merged[out] = values[left++];
                } else {
                    inversions += static_cast<std::int64_t>(middle - left);
                    merged[out] = values[right++];
                }
            }
        }
        values.swap(merged);
    }
    return inversions;
}

}  // namespace

std::optional<double> KendallTauB::evaluate(std::span<const double> scores,
                                            std::span<const double> reference) const {
    const std::size_t n = scores.size();
    std::vector<std::size_t> order(n);
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return scores[a] != scores[b] ? scores[a] < scores[b] : reference[a] < reference[b];
    });
    const auto same_score = [&](std::size_t i, std::size_t j) { return scores[order[i]] == scores[order[j]]; };
    const std::int64_t tied_scores = tied_pairs(n, same_score);
    const std::int64_t tied_both = tied_pairs(n, [&](std::size_t i, std::size_t j) {
        return same_score(i, j) && reference[order[i]] == reference[order[j]];
    });
    std::vector<double> by_score(n);
    for (std::size_t i = 0; i < n; ++i) by_score[i] = reference[order[i]];
    // Pairs tied in the score are in ascending order of the reference: no inversions among them.
    const std::int64_t discordant = sort_counting_inversions(by_score);
    const std::int64_t tied_references =
        tied_pairs(n, [&](std::size_t i, std::size_t j) { return by_score[i] == by_score[j]; });

    const auto pairs = static_cast<std::int64_t>(n) * (static_cast<std::int64_t>(n) - 1) / 2;
    const std::int64_t untied_scores = pairs - tied_scores;
    const std::int64_t untied_references = pairs - tied_references;
    if (untied_scores == 0 || untied_references == 0) return std::nullopt;
    const std::int64_t difference = pairs - tied_scores - tied_references + tied_both - 2 * discordant;
    // In double the product cannot overflow, and sqrt(x * x) is x: equal rankings give exactly 1.
    const double tau = static_cast<double>(difference) /
                       std::sqrt(static_cast<double>(untied_scores) * static_cast<double>(untied_references));
    return std::clamp(tau, -1.0, 1.0);
}

}  // namespace attnflow
