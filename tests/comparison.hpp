#pragma once
/// Numbers against numbers: the criterion of all tests that allow for rounding.

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <vector>

#include <catch2/catch.hpp>

namespace attnflow::testing {

/// max |a - b| / max(1, max |b|), the relative deviation of a whole tensor; infinity where a difference is no
/// finite number, which std::max and a comparison would pass over.
inline double deviation(std::span<const double> ours, std::span<const double> expected) {
    REQUIRE(ours.size() == expected.size());
    double difference = 0.0;
    double scale = 1.0;
    for (std::size_t i = 0; i < ours.size(); ++i) {
        const double here = std::abs(ours[i] - expected[i]);
        if (!std::isfinite(here)) return std::numeric_limits<double>::infinity();
        difference = std::max(difference, here);
        scale = std::max(scale, std::abs(expected[i]));
    }
    return difference / scale;
}

}  // namespace attnflow::testing
