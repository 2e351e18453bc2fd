#include "attention/model/blocks/kernels.hpp"

#include <cmath>
#include <functional>
#include <vector>

#include "attention/model/blocks/matrix.hpp"
#include "graph/support/random.hpp"
#include "tests/attention/model/comparison.hpp"

using namespace attnflow;
using attnflow::testing::deviation;

namespace {

std::vector<double> random_values(std::size_t count, std::uint64_t seed, double scale = 1.0) {
    Random random(seed);
    std::vector<double> values(count);
    for (double& value : values) value = scale * random.normal();
    return values;
}

/// The gradient of <weights, f(x)> by central differences.
std::vector<double> finite_differences(const std::function<std::vector<double>(const std::vector<double>&)>& f,
                                       std::vector<double> x, const std::vector<double>& weights) {
    constexpr double step = 1e-6;
    std::vector<double> gradient;
    for (double& value : x) {
        const double before = value;
        const auto at = [&](double moved) {
            value = moved;
            const auto y = f(x);
            double sum = 0.0;
            for (std::size_t i = 0; i < y.size(); ++i) sum += weights[i] * y[i];
            return sum;
        };
        gradient.push_back((at(before + step) - at(before - step)) / (2.0 * step));
        value = before;
    }
    return gradient;
}

}  // namespace

TEST_CASE("gelu has the values of its definition", "[model]") {
    const std::vector<double> x{-40.0, -3.0, -1.0, -1e-3, 0.0, 0.5, 2.0, 30.0};
    std::vector<double> y(x.size());
    gelu<double>(x.size(), x.data(), y.data(), 1);
    for (std::size_t i = 0; i < x.size(); ++i)
        CHECK(y[i] == Approx(x[i] * 0.5 * std::erfc(-x[i] / std::sqrt(2.0))).margin(1e-12));
    std::vector<float> single(20001), out(single.size());
    for (std::size_t i = 0; i < single.size(); ++i) single[i] = -10.0f + 0.001f * static_cast<float>(i);
    gelu<float>(single.size(), single.data(), out.data(), 2);
    double worst = 0.0;
    for (std::size_t i = 0; i < single.size(); ++i) {
        const double value = static_cast<double>(single[i]);
        worst = std::max(worst,
                         std::abs(static_cast<double>(out[i]) - value * 0.5 * std::erfc(-value / std::sqrt(2.0))) /
                             std::max(1.0, std::abs(value)));
    }
    CHECK(worst < 5e-7);
}

TEST_CASE("the derivative of gelu is that of finite differences", "[model]") {
    const auto x = random_values(200, 1, 2.0);
    auto gradient = random_values(200, 2);
    const auto expected = finite_differences(
        [](const std::vector<double>& at) {
            std::vector<double> y(at.size());
            gelu<double>(at.size(), at.data(), y.data(), 1);
            return y;
        },
        x, gradient);
    std::vector<float> single(gradient.begin(), gradient.end());
    gelu_backward<double>(x.size(), x.data(), gradient.data(), 1);
    CHECK(deviation(gradient, expected) < 1e-8);
    const std::vector<float> single_x(x.begin(), x.end());
    gelu_backward<float>(x.size(), single_x.data(), single.data(), 2);
    CHECK(deviation(std::vector<double>(single.begin(), single.end()), expected) < 1e-6);
}

TEST_CASE("softmax rows sum to one, whatever the scores", "[model]") {
    std::vector<float> scores{1e4f,  -1e4f, 0.0f,  -1e30f,  -1e30f,  -1e30f,
                              88.0f, 89.0f, 90.0f, -200.0f, -300.0f, -103.0f};
    softmax_rows<float>(4, 3, scores.data());
    CHECK(scores[0] == 1.0f);
    CHECK(scores[1] == 0.0f);
    CHECK(scores[3] == Approx(1.0 / 3));
    CHECK(scores[8] == Approx(1.0 / (1.0 + std::exp(-1.0) + std::exp(-2.0))));
    CHECK(scores[11] == 1.0f);
    for (std::size_t i = 0; i < 4; ++i)
        CHECK(scores[3 * i] + scores[3 * i + 1] + scores[3 * i + 2] == Approx(1.0));
    // Against exp in double, on a long row.
    const auto x = random_values(1001, 4, 10.0);
    std::vector<float> row(x.begin(), x.end());
    softmax_rows<float>(1, row.size(), row.data());
    double sum = 0.0;
    for (const double value : x) sum += std::exp(static_cast<double>(static_cast<float>(value)));
    for (std::size_t i = 0; i < x.size(); ++i) {
        CHECK(static_cast<double>(row[i]) ==
              Approx(std::exp(static_cast<double>(static_cast<float>(x[i]))) / sum).epsilon(5e-6).margin(1e-30));
    }
}

TEST_CASE("the derivative of softmax is that of finite differences", "[model]") {
    constexpr std::size_t rows = 5, columns = 7;
    const auto x = random_values(rows * columns, 3, 2.0);
    auto gradient = random_values(rows * columns, 4);
    const auto softmax = [](const std::vector<double>& at) {
        auto y = at;
        softmax_rows<double>(rows, columns, y.data());
        return y;
    };
    const auto expected = finite_differences(softmax, x, gradient);
    softmax_rows_backward<double>(rows, columns, softmax(x).data(), gradient.data());
    CHECK(deviation(gradient, expected) < 1e-8);
}

TEST_CASE("the derivative of LayerNorm is that of finite differences", "[model]") {
    constexpr std::size_t rows = 3, columns = 8;
    const auto x = random_values(rows * columns, 5, 3.0);
    const auto y = random_values(rows * columns, 6);
    const auto gamma = random_values(columns, 7);
    const auto beta = random_values(columns, 8);
    const double eps = GENERATE(1e-12, 0.1);
    std::vector<double> normalised(rows * columns), scale(rows);
    const auto norm = [&](const std::vector<double>& at) {
        std::vector<double> out(rows * columns);
        layer_norm<double>(rows, columns, at.data(), y.data(), gamma.data(), beta.data(), eps, out.data(),
                           {normalised.data(), scale.data()}, 1);
        return out;
    };
    auto gradient = random_values(rows * columns, 9);
    const auto expected = finite_differences(norm, x, gradient);
    norm(x);
    layer_norm_backward<double>(rows, columns, gamma.data(), {normalised.data(), scale.data()}, gradient.data(),
                                1);
    CHECK(deviation(gradient, expected) < 1e-8);
    double sum = 0.0;
    for (std::size_t j = 0; j < columns; ++j) sum += normalised[j];
    CHECK(std::abs(sum) < 1e-12);
}

TEST_CASE("linear layers of any size, their derivative, on any number of threads", "[model]") {
    const std::size_t rows = GENERATE(1, 3, 130);
    const std::size_t in = GENERATE(1, 5, 17);
    const std::size_t out = GENERATE(1, 385);
    const auto x = random_values(rows * in, 10);
    const auto weight = random_values(out * in, 11);
    const auto bias = random_values(out, 12);
    std::vector<double> expected(rows * out), back(rows * in);
    const auto dy = random_values(rows * out, 13);
    for (std::size_t r = 0; r < rows; ++r) {
        for (std::size_t o = 0; o < out; ++o) {
            expected[r * out + o] = bias[o];
            for (std::size_t i = 0; i < in; ++i) {
                expected[r * out + o] += x[r * in + i] * weight[o * in + i];
                back[r * in + i] += dy[r * out + o] * weight[o * in + i];
            }
        }
    }
    std::vector<double> y(rows * out), dx(rows * in, 1.0);
    linear<double>(rows, in, out, x.data(), weight.data(), bias.data(), y.data(), 1);
    CHECK(deviation(y, expected) < 1e-12);
    std::vector<double> again(rows * out);
    linear<double>(rows, in, out, x.data(), weight.data(), bias.data(), again.data(), 3);
    CHECK(y == again);
    linear_backward<double>(rows, in, out, dy.data(), weight.data(), 0.0, dx.data(), 2);
    CHECK(deviation(dx, back) < 1e-12);
}
