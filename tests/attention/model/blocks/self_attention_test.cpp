#include "attention/model/blocks/self_attention.hpp"

#include "tests/attention/model/random_transformer.hpp"

using namespace attnflow;
using namespace attnflow::testing;

TEST_CASE("the keys that a query sees", "[model]") {
    const auto keys = [](bool causal, std::size_t window, std::size_t query) {
        const KeyRange range = visible_keys({.causal = causal, .window = window}, query, 5);
        return std::pair(range.first, range.first + range.count);
    };
    using Range = std::pair<std::size_t, std::size_t>;
    CHECK(keys(false, 0, 2) == Range(0, 5));
    CHECK(keys(true, 0, 0) == Range(0, 1));
    CHECK(keys(true, 0, 4) == Range(0, 5));
    CHECK(keys(true, 2, 3) == Range(2, 4));  // only where q - k < 2
    CHECK(keys(true, 2, 0) == Range(0, 1));
    CHECK(keys(false, 2, 0) == Range(0, 2));
    CHECK(keys(false, 2, 4) == Range(3, 5));
    CHECK(keys(false, 1, 3) == Range(3, 4));
    CHECK(keys(true, SIZE_MAX, 3) == Range(0, 4));
}

TEST_CASE("scores are scaled by the root of the head's width unless a model says otherwise", "[model]") {
    CHECK(AttentionSpec{.head_width = 16}.scale() == 0.25);
    CHECK(AttentionSpec{.head_width = 16, .score_scale = 1.0}.scale() == 1.0);
}

TEST_CASE("the derivative of self attention is that of finite differences", "[model]") {
    constexpr std::size_t count = 2, length = 4, width = 6, tokens = count * length;
    const std::size_t key_heads = GENERATE(1, 2, 4);
    const bool causal = GENERATE(false, true);
    const bool turned = GENERATE(false, true);
    LayerSpec spec{.attention = {.heads = 4, .key_heads = key_heads, .head_width = 2, .causal = causal},
                   .feed_forward = {.inner = 1}};
    spec.attention.window = causal ? 3 : 0;
    spec.attention.output_bias = causal;
    if (turned) spec.attention.rotary = RotarySpec::with_theta(10.0, 2);
    const AttentionWeights<double> weights = RandomWeights(1).layer(spec, width).attention;
    SelfAttention<double> block(count, length, 2);
    AttentionTrace<double> trace;
    const auto forward = [&](const Vector& x) {
        Vector out(tokens * width);
        block.forward(spec.attention, weights, x.data(), &trace, false, out.data());
        return out;
    };
    const Vector x = random_values(tokens * width, 2);
    const Vector dy = random_values(tokens * width, 3);
    const Vector expected = finite_differences(forward, x, dy);

    const Vector traced = forward(x);
    Vector again(tokens * width);
    block.forward(spec.attention, weights, x.data(), nullptr, true, again.data());
    CHECK(again == traced);
    const std::size_t size = count * 4 * length * length;
    const Vector attention(block.attention(), block.attention() + size);
    for (std::size_t row = 0; row < size / length; ++row) {
        const KeyRange keys = visible_keys(spec.attention, row % length, length);
        double sum = 0.0;
        for (std::size_t k = 0; k < length; ++k) {
            const bool visible = k >= keys.first && k < keys.first + keys.count;
            CHECK((attention[row * length + k] > 0.0) == visible);
            sum += attention[row * length + k];
        }
        CHECK(sum == Approx(1.0));
    }

    Vector dx(tokens * width, 7.0);
    block.backward(spec.attention, weights, trace, dy.data(), 0.0, dx.data(), true);
    CHECK(deviation(dx, expected) < 1e-8);
    CHECK(Vector(block.attention(), block.attention() + size) == attention);
    for (std::size_t i = 0; i < size; ++i) {
        if (attention[i] == 0.0) CHECK(block.attention_gradient()[i] == 0.0);
    }
    // In place: the gradient of x + f(x).
    Vector both = dy;
    block.backward(spec.attention, weights, trace, both.data(), 1.0, both.data(), false);
    for (std::size_t i = 0; i < dx.size(); ++i) dx[i] += dy[i];
    CHECK(deviation(both, dx) < 1e-13);
}
