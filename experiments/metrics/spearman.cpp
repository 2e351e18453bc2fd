#include "experiments/metrics/spearman.hpp"

#include <algorithm>
#include <cmath>

#include "experiments/metrics/ranks.hpp"

namespace attnflow {

std::optional<double> Spearman::evaluate(std::span<const double> scores, std::span<const double> reference) const {
    const auto x = average_ranks(scores);
    const auto y = average_ranks(reference);
    // Ranks are multiples of 1/2 with mean (n+1)/2, so "constant" is an exact comparison.
    const double mean = (static_cast<double>(x.size()) + 1.0) / 2.0;
    double xx = 0.0;
    double yy = 0.0;
    double xy = 0.0;
    for (std::size_t i = 0; i < x.size(); ++i) {
        xx += (x[i] - mean) * (x[i] - mean);
        yy += (y[i] - mean) * (y[i] - mean);
        xy += (x[i] - mean) * (y[i] - mean);
    }
    if (xx == 0.0 || yy == 0.0) return std::nullopt;
    return std::clamp(xy / std::sqrt(xx * yy), -1.0, 1.0);
}

}  // namespace attnflow
