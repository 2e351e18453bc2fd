#include "experiments/statistics/bootstrap.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include <boost/math/special_functions/erf.hpp>

#include "graph/support/error.hpp"
#include "graph/support/random.hpp"

namespace attnflow {
namespace {

double normal_cdf(double z) { return 0.5 * std::erfc(-z / std::sqrt(2.0)); }
double normal_quantile(double p) { return -std::sqrt(2.0) * boost::math::erfc_inv(2.0 * p); }

double mean(std::span<const double> values) {
    return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

// Reorders `values`.
double quantile(std::vector<double>& values, double p) {
    const double place = p * static_cast<double>(values.size() - 1);
    const auto below = static_cast<std::ptrdiff_t>(place);
    const auto lower = values.begin() + below;
    std::nth_element(values.begin(), lower, values.end());
    if (lower + 1 == values.end()) return *lower;
    const double upper = *std::min_element(lower + 1, values.end());
    return *lower + (place - static_cast<double>(below)) * (upper - *lower);
}

// The levels of the quantiles of a BCa interval. For a mean the jackknife values are linear in
// the observations, so the acceleration needs no second pass of resampling.
std::optional<Interval> bca_levels(std::span<const double> values, std::span<const double> means, double tail) {
    const double centre = mean(values);
    const double rounding = rounding_of_mean(values);
    double below = 0.0;
    for (const double m : means) below += m < centre - rounding ? 1.0 : m <= centre + rounding ? 0.5 : 0.0;
    const double share = below / static_cast<double>(means.size());
    if (share <= 0.0 || share >= 1.0) return std::nullopt;
    double squares = 0.0;
    double cubes = 0.0;
    for (const double value : values) {
        const double deviation = value - centre;
        squares += deviation * deviation;
        cubes += deviation * deviation * deviation;
    }
    const double acceleration = squares == 0.0 ? 0.0 : cubes / (6.0 * std::pow(squares, 1.5));
    const double bias = normal_quantile(share);
    const auto moved = [&](double p) {
        const double z = bias + normal_quantile(p);
        return normal_cdf(bias + z / (1.0 - acceleration * z));
    };
    return Interval{moved(tail), moved(1.0 - tail)};
}

}  // namespace

Resamples::Resamples(std::size_t n, std::size_t count, std::uint64_t seed) : n_(n), count_(count) {
    if (n == 0 || n > UINT32_MAX) throw InternalError("bootstrap: no sample, or one beyond 2^32 values");
    Random random(seed);
    indices_.reserve(n * count);
    for (std::size_t k = 0; k < n * count; ++k) indices_.push_back(static_cast<std::uint32_t>(random.below(n)));
}

std::vector<std::vector<double>> Resamples::means(std::span<const std::vector<double>* const> samples) const {
    if (samples.size() > lanes) throw InternalError("bootstrap: more samples than lanes");
    std::vector<double> rows(n_ * lanes, 0.0);  // [value][lane]
    for (std::size_t s = 0; s < samples.size(); ++s) {
        if (samples[s]->size() != n_) throw InternalError("bootstrap: a sample of another size");
        for (std::size_t i = 0; i < n_; ++i) rows[i * lanes + s] = (*samples[s])[i];
    }
    std::vector<std::vector<double>> out(samples.size(), std::vector<double>(count_));
    const std::uint32_t* index = indices_.data();
    for (std::size_t b = 0; b < count_; ++b) {
        double sums[lanes] = {};
        for (std::size_t i = 0; i < n_; ++i) {
            const double* row = rows.data() + *index++ * lanes;
            for (std::size_t s = 0; s < lanes; ++s) sums[s] += row[s];
        }
        for (std::size_t s = 0; s < samples.size(); ++s) out[s][b] = sums[s] / static_cast<double>(n_);
    }
    return out;
}

double rounding_of_mean(std::span<const double> values) {
    double largest = 0.0;
    for (const double value : values) largest = std::max(largest, std::abs(value));
    return 2.0 * std::numeric_limits<double>::epsilon() * static_cast<double>(values.size()) * largest;
}

std::optional<Interval> bootstrap_interval(std::span<const double> values, std::vector<double> means, double level,
                                           IntervalKind kind) {
    if (values.size() < 2) return std::nullopt;
    const double tail = (1.0 - level) / 2.0;
    Interval levels{tail, 1.0 - tail};
    if (kind == IntervalKind::bca) levels = bca_levels(values, means, tail).value_or(levels);
    const double low = quantile(means, levels.low);
    return Interval{low, quantile(means, levels.high)};
}

}  // namespace attnflow
