#pragma once
/// Random inputs and gradients by finite differences: what blocks are tested with.

#include <cstdint>
#include <functional>
#include <vector>

#include "graph/support/random.hpp"
#include "tests/comparison.hpp"

namespace attnflow::testing {

using Vector = std::vector<double>;

/// Normally distributed with this deviation.
inline Vector random_values(std::size_t count, std::uint64_t seed, double deviation = 1.0) {
    Random random(seed);
    Vector values(count);
    for (double& value : values) value = deviation * random.normal();
    return values;
}

inline std::vector<float> to_float(const Vector& values) { return {values.begin(), values.end()}; }
inline Vector to_double(const std::vector<float>& values) { return {values.begin(), values.end()}; }

inline double dot(const Vector& a, const Vector& b) {
    REQUIRE(a.size() == b.size());
    double sum = 0.0;
    for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
    return sum;
}

/// The gradient of <weights, f(x)> by x, by central differences.
inline Vector finite_differences(const std::function<Vector(const Vector&)>& f, Vector x, const Vector& weights) {
    constexpr double step = 1e-6;
    Vector gradient;
    for (double& value : x) {
        const double before = value;
        value = before + step;
        const double above = dot(weights, f(x));
        value = before - step;
        const double below = dot(weights, f(x));
        value = before;
        gradient.push_back((above - below) / (2.0 * step));
    }
    return gradient;
}

}  // namespace attnflow::testing
