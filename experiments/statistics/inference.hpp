#pragma once
/// Intervals and paired tests for many samples at once: samples of one size share resamples.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "experiments/statistics/bootstrap.hpp"

namespace attnflow {

enum class PairedTest {
    permutation,  ///< sign flips, see sign_flips.hpp
    /// Share of resamples whose mean difference is as far from the observed one as that is from
    /// 0 (Efron & Tibshirani 1993, chapter 16), two-sided, (1 + hits) / (1 + count);
    /// nothing for a single example.
    bootstrap,
};

struct StatisticsOptions {
    std::size_t resamples = 10000;
    std::uint64_t seed = 1;
    double level = 0.95;
    IntervalKind interval = IntervalKind::bca;
    PairedTest test = PairedTest::permutation;
};

/// What the differences between two methods on the same examples say.
struct PairedResult {
    std::optional<double> mean = {};
    std::optional<Interval> interval = {};  ///< of the mean, by paired bootstrap
    std::optional<double> p = {};
    /// Cohen's d_z: mean divided by the standard deviation (n - 1) of the differences. Nothing
    /// for n < 2 or equal differences. About 0.2 is called small, 0.5 medium, 0.8 large.
    std::optional<double> effect_size = {};
};

/// One a sample; nothing for fewer than two values. The same for every `jobs` (threads).
/// O(resamples x values of all samples).
std::vector<std::optional<Interval>> bootstrap_intervals(std::span<const std::vector<double>> samples,
                                                         const StatisticsOptions& options, std::size_t jobs);

/// One a sample of differences; an empty sample has nothing but empty answers.
std::vector<PairedResult> paired_tests(std::span<const std::vector<double>> differences,
                                       const StatisticsOptions& options, std::size_t jobs);

}  // namespace attnflow
