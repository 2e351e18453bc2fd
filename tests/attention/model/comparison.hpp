#pragma once
/// Tensors against tensors: the criterion of all model tests.

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include <catch2/catch.hpp>

namespace attnflow::testing {

/// max |a - b| / max(1, max |b|), the relative deviation of a whole tensor.
inline double deviation(std::span<const double> ours, std::span<const double> expected) {
    REQUIRE(ours.size() == expected.size());
    double difference = 0.0;
    double scale = 1.0;
    for (std::size_t i = 0; i < ours.size(); ++i) {
        // Written so that NaN counts as a difference.
        if (!(std::abs(ours[i] - expected[i]) <= difference)) difference = std::abs(ours[i] - expected[i]);
        scale = std::max(scale, std::abs(expected[i]));
    }
    return difference / scale;
}

}  // namespace attnflow::testing
