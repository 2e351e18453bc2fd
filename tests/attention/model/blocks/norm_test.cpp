#include "attention/model/blocks/norm.hpp"

#include <cmath>

#include "tests/attention/model/random_transformer.hpp"

using namespace attnflow;
using namespace attnflow::testing;

namespace {

constexpr std::size_t rows = 3;
constexpr std::size_t columns = 13;  // no multiple of a vector

}  // namespace

TEST_CASE("norms have the values of their definitions", "[model]") {
    const NormKind kind = GENERATE(NormKind::layer_norm, NormKind::rms_norm);
    const double epsilon = GENERATE(1e-12, 0.1);
    const Norm<double> layer = RandomWeights(1).norm({kind, epsilon}, columns);
    const Vector x = random_values(rows * columns, 2, 3.0);
    const Vector y = random_values(rows * columns, 3);
    Vector expected;
    for (std::size_t i = 0; i < rows; ++i) {
        double mean = 0.0;
        double square = 0.0;
        const auto u = [&](std::size_t j) { return x[i * columns + j] + y[i * columns + j]; };
        for (std::size_t j = 0; j < columns; ++j) mean += u(j) / columns;
        if (kind == NormKind::rms_norm) mean = 0.0;
        for (std::size_t j = 0; j < columns; ++j) square += std::pow(u(j) - mean, 2) / columns;
        for (std::size_t j = 0; j < columns; ++j) {
            const double beta = kind == NormKind::rms_norm ? 0.0 : layer.beta[j];
            expected.push_back((u(j) - mean) / std::sqrt(square + epsilon) * layer.gamma[j] + beta);
        }
    }
    Vector out(rows * columns);
    norm<double>(layer, rows, x.data(), y.data(), out.data(), {nullptr, nullptr}, 2);
    CHECK(deviation(out, expected) < 1e-13);
    std::vector<float> single(rows * columns);
    norm<float>(to_float(layer), rows, to_float(x).data(), to_float(y).data(), single.data(), {nullptr, nullptr},
                1);
    CHECK(deviation(to_double(single), expected) < 1e-6);
}

TEST_CASE("the derivative of norms is that of finite differences", "[model]") {
    const NormKind kind = GENERATE(NormKind::layer_norm, NormKind::rms_norm);
    const double epsilon = GENERATE(1e-12, 0.1);
    const Norm<double> layer = RandomWeights(4).norm({kind, epsilon}, columns);
    const Vector x = random_values(rows * columns, 5, 3.0);
    Vector normalised(rows * columns), scale(rows);
    const auto normed = [&](const Vector& at) {
        Vector out(rows * columns);
        norm<double>(layer, rows, at.data(), nullptr, out.data(), {normalised.data(), scale.data()}, 1);
        return out;
    };
    Vector gradient = random_values(rows * columns, 6);
    const Vector expected = finite_differences(normed, x, gradient);

    std::vector<float> single = to_float(gradient), out(single.size()), kept(single.size()), kept_scale(rows);
    norm<float>(to_float(layer), rows, to_float(x).data(), nullptr, out.data(), {kept.data(), kept_scale.data()},
                1);
    norm_backward<float>(to_float(layer), rows, {kept.data(), kept_scale.data()}, single.data(), 2);
    CHECK(deviation(to_double(single), expected) < 1e-6);

    normed(x);
    norm_backward<double>(layer, rows, {normalised.data(), scale.data()}, gradient.data(), 1);
    CHECK(deviation(gradient, expected) < 1e-8);
    if (kind == NormKind::layer_norm) {
        double sum = 0.0;
        for (std::size_t j = 0; j < columns; ++j) sum += normalised[j];
        CHECK(std::abs(sum) < 1e-12);
    }
}
