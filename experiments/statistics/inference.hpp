#pragma once
/// Intervals and paired tests for many samples at once: samples of one size share resamples.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "experiments/statistics/bootstrap.hpp"
#include "experiments/statistics/options.hpp"

namespace attnflow {

/// Metrics lie within [-1, 1], and the values of two methods that give the same scores differ by
/// rounding, of floating-point sums and of flows in fixed point. Up to this they count as equal.
/// The smallest step of Spearman's correlation without ties, 12 / (n^3 - n), is above it up to
/// 2000 tokens.
constexpr double rounding_of_metrics = 1e-9;

/// What the differences between two methods on the same examples say.
struct PairedResult {
    std::optional<double> mean = {};
    std::optional<Interval> interval = {};  ///< of the mean, by paired bootstrap
    std::optional<double> p = {};           ///< 1 when all differences are 0
    /// Cohen's d_z: mean divided by the standard deviation (n - 1) of the differences. Nothing
    /// for n < 2 or differences that are equal up to rounding. About 0.2 is called small, 0.5 medium, 0.8 large.
    std::optional<double> effect_size = {};
};

/// One a sample; nothing for fewer than two values. The same for every `jobs` (threads).
/// O(resamples x values of all samples).
std::vector<std::optional<Interval>> bootstrap_intervals(std::span<const std::vector<double>> samples,
                                                         const StatisticsOptions& options, std::size_t jobs);

/// One a sample of differences between values of a metric; those up to rounding_of_metrics are
/// taken for 0, in mean, interval, test and effect size alike. An empty sample has nothing but
/// empty answers. `family`: how many tests at most are corrected together. The permutation test
/// then tries more signs than options.resamples where that many could not make the clearest of
/// them significant at 1 - level: 2 family / (1 - level), up to most_resamples.
/// The same for every `jobs` (threads).
std::vector<PairedResult> paired_tests(std::vector<std::vector<double>> differences,
                                       const StatisticsOptions& options, std::size_t family, std::size_t jobs);

/// The smallest p that paired_tests can give for n >= 1 differences.
double smallest_p(std::size_t n, const StatisticsOptions& options, std::size_t family);

}  // namespace attnflow
