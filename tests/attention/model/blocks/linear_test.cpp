#include "attention/model/blocks/linear.hpp"

#include "tests/attention/model/random_transformer.hpp"

using namespace attnflow;
using namespace attnflow::testing;

TEST_CASE("linear layers of any size, their derivative, on any number of threads", "[model]") {
    const std::size_t rows = GENERATE(1, 3, 130);
    const std::size_t in = GENERATE(1, 5, 17);
    const std::size_t out = GENERATE(1, 385);
    const bool bias = GENERATE(true, false);
    const auto x = random_values(rows * in, 10);
    const Linear<double> layer = RandomWeights(11).linear(out, in, bias);
    std::vector<double> expected(rows * out), back(rows * in);
    const auto dy = random_values(rows * out, 13);
    for (std::size_t r = 0; r < rows; ++r) {
        for (std::size_t o = 0; o < out; ++o) {
            if (bias) expected[r * out + o] = layer.bias[o];
            for (std::size_t i = 0; i < in; ++i) {
                expected[r * out + o] += x[r * in + i] * layer.weight[o * in + i];
                back[r * in + i] += dy[r * out + o] * layer.weight[o * in + i];
            }
        }
    }
    std::vector<double> y(rows * out), dx(rows * in, 1.0);
    linear(layer, rows, x.data(), y.data(), 1);
    CHECK(deviation(y, expected) < 1e-12);
    std::vector<double> again(rows * out);
    linear(layer, rows, x.data(), again.data(), 3);
    CHECK(y == again);
    linear_backward(layer, rows, dy.data(), 0.0, dx.data(), 2);
    CHECK(deviation(dx, back) < 1e-12);
    for (double& value : back) value *= 2.0;
    linear_backward(layer, rows, dy.data(), 1.0, dx.data(), 1);
    CHECK(deviation(dx, back) < 1e-12);
}
