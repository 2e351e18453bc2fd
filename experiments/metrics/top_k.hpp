#pragma once
/// Who is among the k largest, when ties cross the line.

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace attnflow {

/// For every value its share of a place among the k largest: 1 above the k-th largest, 0
/// below, and those tied with it share the places that are left equally (so the shares sum
/// to k, and each is the chance that a random order of the ties puts the value in).
/// Nothing for k >= n, where everything is in, or when all values are equal.  O(n).
std::optional<std::vector<double>> top_k_shares(std::span<const double> values, std::size_t k);

}  // namespace attnflow
