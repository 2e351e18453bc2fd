#include "attention/extract/edge_weights/value_norm.hpp"

#include <cmath>

#include "tests/attention/model/finite_differences.hpp"

using namespace attnflow;
using namespace attnflow::testing;

TEST_CASE("value_norm is the norm of what a query receives, with values of its own or shared by heads",
          "[model]") {
    // More keys than a block of them has, and heads that are not as wide as the layer shared out.
    constexpr std::size_t n = 70, heads = 4, head_width = 3, width = 5;
    const std::size_t key_heads = GENERATE(1, 2, 4);
    const ModelShape shape{
        .layers = 1, .heads = heads, .key_heads = key_heads, .head_width = head_width, .width = width};
    const auto attention = to_float(random_values(heads * n * n, 1));
    const auto values = to_float(random_values(n * key_heads * head_width, 2));
    const auto weight = to_float(random_values(width * heads * head_width, 3));
    LayerInternals internals;
    internals.values = values;
    internals.output_weight = weight;
    std::vector<float> out(n * n);
    ValueNorm().weigh({n, shape, attention, {}, &internals}, out);
    Vector expected;
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = 0; j < n; ++j) {
            double square = 0.0;
            for (std::size_t c = 0; c < width; ++c) {
                double received = 0.0;
                for (std::size_t h = 0; h < heads; ++h) {
                    const std::size_t key_head = h * key_heads / heads;
                    for (std::size_t k = 0; k < head_width; ++k) {
                        received += static_cast<double>(attention[(h * n + i) * n + j]) *
                                    static_cast<double>(values[(j * key_heads + key_head) * head_width + k]) *
                                    static_cast<double>(weight[c * heads * head_width + h * head_width + k]);
                    }
                }
                square += received * received;
            }
            expected.push_back(std::sqrt(square));
        }
    }
    CHECK(deviation(to_double(out), expected) < 1e-6);
}
