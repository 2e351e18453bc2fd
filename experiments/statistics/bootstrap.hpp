#pragma once
/// Bootstrap confidence intervals of a mean.
///
/// The examples of a run are a sample; another sample would have given another mean. Drawing
/// n of the n values with replacement, many times, shows how far the mean moves.
///
///   percentile  the quantiles (1-c)/2 and (1+c)/2 of the resampled means, c the level
///   bca         the same with quantiles moved by two corrections: z0 for a bias of the
///               median (resampled means equal to the mean count half), a for a standard error that changes with
///               the mean (skewness). Second-order accurate; the better default for n of some dozens or more
///
/// Quantiles are linear between order statistics (type 7 of Hyndman & Fan). Resamples depend on
/// n, their number and the seed only, so all samples of one size are resampled alike: what is
/// compared is compared on the same examples, and indices are drawn once.
///
/// Efron, "Better bootstrap confidence intervals", JASA 82, 1987; Efron & Tibshirani, "An
/// Introduction to the Bootstrap", 1993, chapters 13 and 14

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "experiments/statistics/options.hpp"

namespace attnflow {

struct Interval {
    double low;
    double high;
};

/// Indices of `count` resamples of n values, n >= 1: count n 4-byte numbers.
class Resamples {
public:
    Resamples(std::size_t n, std::size_t count, std::uint64_t seed);

    std::size_t n() const { return n_; }
    std::size_t count() const { return count_; }

    /// Samples that are resampled together: a row of them fills the vector registers.
    static constexpr std::size_t lanes = 8;
    /// The mean of every resample of up to `lanes` samples of n values each; one vector of
    /// count() means a sample.  O(lanes count n).
    std::vector<std::vector<double>> means(std::span<const std::vector<double>* const> samples) const;

private:
    std::size_t n_;
    std::size_t count_;
    std::vector<std::uint32_t> indices_;  // of one resample after the other
};

/// How far apart two means of resamples may be by rounding alone: they are tied. With few distinct
/// values many resamples have the mean of the sample, and the order of their sums must not decide.
/// O(n).
double rounding_of_mean(std::span<const double> values);

/// The interval of the mean of `values` at `level` in (0, 1), given the means of its resamples
/// (whose order is lost). Nothing for fewer than two values. BCa falls back on percentiles where
/// z0 is infinite, because every resampled mean lies on one side of the mean.  O(n + count).
std::optional<Interval> bootstrap_interval(std::span<const double> values, std::vector<double> means, double level,
                                           IntervalKind kind);

}  // namespace attnflow
