#pragma once
/// Holm's correction for several tests: p-values such that rejecting those <= alpha makes a
/// false rejection anywhere in the family with probability at most alpha, however the tests
/// depend on each other.
///
///   p_holm(i) = max over j <= i of min(1, (m - j + 1) p(j)),  p(1) <= ... <= p(m)
///
/// Uniformly stronger than Bonferroni's m p.  O(m log m).
///
/// Holm, "A simple sequentially rejective multiple test procedure", Scand. J. Stat. 6, 1979

#include <algorithm>
#include <numeric>
#include <span>
#include <vector>

namespace attnflow {

/// In the order of `p`.
inline std::vector<double> holm(std::span<const double> p) {
    std::vector<std::size_t> order(p.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return p[a] < p[b]; });
    std::vector<double> adjusted(p.size());
    double largest = 0.0;
    for (std::size_t j = 0; j < order.size(); ++j) {
        largest = std::max(largest, std::min(1.0, static_cast<double>(p.size() - j) * p[order[j]]));
        adjusted[order[j]] = largest;
    }
    return adjusted;
}

}  // namespace attnflow
