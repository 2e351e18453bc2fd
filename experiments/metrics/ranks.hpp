#pragma once
/// Ranks of values, and what to do with ties.

#include <span>
#include <vector>

namespace attnflow {

/// Ranks from 1; tied values get the average of the ranks they cover.  O(n log n).
std::vector<double> average_ranks(std::span<const double> values);

/// Ranks from 1 without gaps; tied values get the same rank ("dense").  O(n log n).
std::vector<double> dense_ranks(std::span<const double> values);

}  // namespace attnflow
