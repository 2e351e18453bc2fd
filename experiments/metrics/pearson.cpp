#include "experiments/metrics/pearson.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace attnflow {
namespace {

bool is_constant(std::span<const double> values) {
    return std::all_of(values.begin(), values.end(), [&](double value) { return value == values.front(); });
}

// Values minus their mean, divided by the largest magnitude so that no square over- or
// underflows. Not finite when a value is not.
std::vector<double> centred(std::span<const double> values) {
    const double n = static_cast<double>(values.size());
    double mean = 0.0;
    for (const double value : values) mean += value / n;
    std::vector<double> out;
    double largest = 0.0;
    for (const double value : values) {
        out.push_back(value - mean);
        largest = std::max(largest, std::abs(out.back()));
    }
    for (double& value : out) value /= largest;
    return out;
}

}  // namespace

std::optional<double> Pearson::evaluate(std::span<const double> scores, std::span<const double> reference) const {
    if (is_constant(scores) || is_constant(reference)) return std::nullopt;
    const auto x = centred(scores);
    const auto y = centred(reference);
    double xx = 0.0;
    double yy = 0.0;
    double xy = 0.0;
    for (std::size_t i = 0; i < x.size(); ++i) {
        xx += x[i] * x[i];
        yy += y[i] * y[i];
        xy += x[i] * y[i];
    }
    const double correlation = xy / (std::sqrt(xx) * std::sqrt(yy));
    if (!std::isfinite(correlation)) return std::nullopt;
    return std::clamp(correlation, -1.0, 1.0);
}

}  // namespace attnflow
