#include "attention/model/blocks/softmax.hpp"

#include <cmath>

#include "tests/attention/model/finite_differences.hpp"

using namespace attnflow;
using namespace attnflow::testing;

TEST_CASE("softmax rows sum to one, whatever the scores", "[model]") {
    std::vector<float> scores{1e4f,  -1e4f, 0.0f,  -1e30f,  -1e30f,  -1e30f,
                              88.0f, 89.0f, 90.0f, -200.0f, -300.0f, -103.0f};
    softmax_rows(4, 3, scores.data());
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
    softmax_rows(1, row.size(), row.data());
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
    const auto softmax = [](const Vector& at) {
        auto y = at;
        softmax_rows(rows, columns, y.data());
        return y;
    };
    const auto expected = finite_differences(softmax, x, gradient);
    std::vector<float> single = to_float(gradient);
    softmax_rows_backward(rows, columns, to_float(softmax(x)).data(), single.data());
    CHECK(deviation(to_double(single), expected) < 1e-6);
    softmax_rows_backward(rows, columns, softmax(x).data(), gradient.data());
    CHECK(deviation(gradient, expected) < 1e-8);
}
