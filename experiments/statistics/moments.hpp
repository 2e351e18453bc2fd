#pragma once
/// Mean and standard deviation of a sample.

#include <span>

namespace attnflow {

struct Moments {
    double mean;
    double standard_deviation;  ///< of the population (divided by n)
};

/// Of at least one value, in two passes: values close together cancel in one.  O(n).
Moments moments_of(std::span<const double> values);

}  // namespace attnflow
