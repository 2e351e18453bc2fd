#include "attention/model/blocks/feed_forward.hpp"

#include "tests/attention/model/random_transformer.hpp"

using namespace attnflow;
using namespace attnflow::testing;

TEST_CASE("the derivative of a feed forward step is that of finite differences", "[model]") {
    constexpr std::size_t tokens = 3, width = 5;
    const bool gated = GENERATE(false, true);
    const bool bias = GENERATE(false, true);
    const Activation activation = GENERATE(Activation::gelu, Activation::silu);
    const LayerSpec spec{.attention = {.heads = 1, .key_heads = 1, .head_width = 1},
                         .feed_forward = {.inner = 6, .activation = activation, .gated = gated, .bias = bias}};
    const FeedForwardWeights<double> weights = RandomWeights(1).layer(spec, width).feed_forward;
    FeedForward<double> block(tokens, 2);
    FeedForwardTrace<double> trace;
    const auto forward = [&](const Vector& x) {
        Vector out(tokens * width);
        block.forward(spec.feed_forward, weights, x.data(), &trace, out.data());
        return out;
    };
    const Vector x = random_values(tokens * width, 2);
    const Vector dy = random_values(tokens * width, 3);
    const Vector expected = finite_differences(forward, x, dy);

    const Vector traced = forward(x);
    Vector untraced(tokens * width);
    block.forward(spec.feed_forward, weights, x.data(), nullptr, untraced.data());
    CHECK(untraced == traced);

    Vector dx(tokens * width, 7.0);
    block.backward(spec.feed_forward, weights, trace, dy.data(), 0.0, dx.data());
    CHECK(deviation(dx, expected) < 1e-8);
    // In place: the gradient of x + f(x).
    Vector both = dy;
    block.backward(spec.feed_forward, weights, trace, both.data(), 1.0, both.data());
    for (std::size_t i = 0; i < dx.size(); ++i) dx[i] += dy[i];
    CHECK(deviation(both, dx) < 1e-13);
}
