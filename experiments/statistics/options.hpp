#pragma once
/// What a study chooses of its statistics. Interval: bootstrap.hpp; tests: inference.hpp.

#include <cstddef>
#include <cstdint>

namespace attnflow {

enum class IntervalKind { percentile, bca };

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

/// The most resamples that a config can ask for, and the most sign patterns of a permutation test.
constexpr std::size_t most_resamples = 100'000;

}  // namespace attnflow
