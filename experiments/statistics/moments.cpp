#include "experiments/statistics/moments.hpp"

#include <cmath>

#include "graph/support/error.hpp"

namespace attnflow {

Moments moments_of(std::span<const double> values) {
    if (values.empty()) throw InternalError("moments_of: no values");
    const double n = static_cast<double>(values.size());
    double sum = 0.0;
    for (const double value : values) sum += value;
    const double mean = sum / n;
    double squares = 0.0;
    for (const double value : values) squares += (value - mean) * (value - mean);
    return {mean, std::sqrt(squares / n)};
}

}  // namespace attnflow
