#pragma once
/// Paired permutation test: could the mean difference between two methods on the same
/// examples have come about by chance?
///
/// If the methods were exchangeable, the sign of each difference would be a coin toss. The
/// p-value (two-sided) is the share of sign patterns whose sum is at least as far from 0 as the
/// observed one. All 2^n patterns are gone through when they are no more than `count` (exact
/// test); otherwise `count` random ones, and p = (1 + hits) / (1 + count), which is never 0 and
/// never too small by chance alone (Phipson & Smyth 2010). Sums that differ by rounding only
/// count as equal. Assumes that differences are symmetric about 0 under the null hypothesis, no
/// distribution.
///
/// Patterns depend on n, count and the seed only: drawn once, used for every pair of methods.
/// The sum of a pattern is looked up 8 differences at a time: O(n (32 + count / 8)) a test.
///
/// Fisher, "The Design of Experiments", 1935; Phipson & Smyth, SAGMB 9(1), 2010

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace attnflow {

class SignFlips {
public:
    /// For n >= 1 differences.
    SignFlips(std::size_t n, std::size_t count, std::uint64_t seed);

    bool exact() const { return exact_; }
    std::size_t n() const { return n_; }

    /// In (0, 1]; 1 when all differences are 0.
    double p_value(std::span<const double> differences) const;
    /// The smallest p of n >= 1 differences: no pattern but the observed one and its mirror image
    /// are as far from 0.
    static double smallest_p(std::size_t n, std::size_t count);

private:
    static bool is_exact(std::size_t n, std::size_t count) { return n < 32 && (std::size_t{1} << n) <= count; }

    std::size_t n_;
    std::size_t bytes_;  // of a pattern, one bit a difference
    bool exact_ = false;
    std::vector<std::uint8_t> patterns_;
};

}  // namespace attnflow
