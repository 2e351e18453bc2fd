/// Head strategies on values small enough to check by hand; laws are in tests/contract/.

#include <cmath>

#include <catch2/catch.hpp>

#include "attention/network/heads/head_aggregator.hpp"
#include "tests/attention/make_files.hpp"

using namespace attnflow;
using attnflow::testing::message_of;
using attnflow::testing::random_attention;

namespace {

using Weights = std::vector<double>;

// One layer, two tokens, three heads; head 2 is the most peaked, head 0 the most diffuse.
AttentionStack three_heads() {
    return AttentionStack::from_values(1, 3, 2,
                                       {0.5, 0.5, 0.4, 0.6,    // head 0
                                        0.8, 0.2, 0.1, 0.9,    // head 1
                                        0.0, 1.0, 1.0, 0.0});  // head 2
}

Weights fused(const std::string& call, const AttentionStack& attention, std::size_t layer = 0) {
    Weights out(attention.queries(layer) * attention.keys(layer), -1.0);
    head_strategies().make(call, "test")->fuse(attention, layer, out);
    return out;
}

void check_equal(const Weights& actual, const Weights& expected) {
    REQUIRE(actual.size() == expected.size());
    for (std::size_t k = 0; k < actual.size(); ++k) CHECK(actual[k] == Approx(expected[k]).margin(1e-15));
}

}  // namespace

TEST_CASE("three heads fused by hand", "[heads]") {
    const auto attention = three_heads();
    check_equal(fused("mean", attention), {1.3 / 3, 1.7 / 3, 0.5, 0.5});
    check_equal(fused("max", attention), {0.8, 1.0, 1.0, 0.9});
    check_equal(fused("min", attention), {0.0, 0.2, 0.1, 0.0});
    check_equal(fused("median", attention), {0.5, 0.5, 0.4, 0.6});
    check_equal(fused("geometric_mean", attention), {0.0, std::cbrt(0.1), std::cbrt(0.04), 0.0});
    check_equal(fused("single(1)", attention), {0.8, 0.2, 0.1, 0.9});
    check_equal(fused("top_k(1)", attention), {0.0, 1.0, 1.0, 0.0});
    check_equal(fused("top_k(2)", attention), {0.4, 0.6, 0.55, 0.45});
    check_equal(fused("top_k(7)", attention), fused("mean", attention));
    check_equal(fused("entropy_weighted(0)", attention), fused("mean", attention));
    check_equal(fused("entropy_weighted(100)", attention), {0.0, 1.0, 1.0, 0.0});
}

TEST_CASE("entropy weights are inverse perplexities", "[heads]") {
    // A uniform head over 2 keys has perplexity 2, a one-hot head 1: shares 1/3 and 2/3. The
    // weights of a row are normalised for the entropy, so their scale plays no part.
    const auto attention = AttentionStack::from_values(1, 2, 2, {0.5, 0.5, 0.5, 0.5, 0.0, 3.0, 3.0, 0.0});
    check_equal(fused("entropy_weighted", attention), {0.5 / 3, 6.5 / 3, 6.5 / 3, 0.5 / 3});
}

TEST_CASE("entropy weights neither vanish nor overflow on long rows", "[heads]") {
    // Uniform rows of 2000 keys: exp(-100 log 2000) is 0 and exp(100 log 2000) infinite in a double.
    constexpr std::size_t n = 2000;
    const std::vector<double> row(n, 1.0 / static_cast<double>(n));
    std::vector<double> values;
    for (std::size_t i = 0; i < n; ++i) values.insert(values.end(), row.begin(), row.end());
    const auto attention = AttentionStack::from_values(1, 1, n, values);
    for (const char* call : {"entropy_weighted(100)", "entropy_weighted(-100)"}) {
        CHECK(fused(call, attention)[0] == Approx(1.0 / static_cast<double>(n)));
    }
}

TEST_CASE("the median of an even number of heads is the mean of the middle two", "[heads]") {
    const auto attention = AttentionStack::from_values(1, 4, 1, {0.9, 0.1, 0.4, 0.2});
    check_equal(fused("median", attention), {0.3});
}

TEST_CASE("geometric means of tiny weights do not underflow", "[heads]") {
    check_equal(fused("geometric_mean", AttentionStack::from_values(1, 4, 1, {1e-200, 1e-200, 1e-200, 1e-200})),
                {1e-200});
    CHECK(fused("geometric_mean", AttentionStack::from_values(1, 2, 1, {1e-300, 1e-100})).front() ==
          Approx(1e-200).epsilon(1e-12));
}

TEST_CASE("followed takes its head in the source's layer only", "[heads]") {
    const auto attention = AttentionStack::from_values(2, 3, 4, random_attention(2, 3, 4, 5));
    const auto strategy = head_strategies().make("followed(2)", "test");
    CHECK(strategy->depends_on_source_layer());
    CHECK(fused("followed(2)", attention, 0) == fused("mean", attention, 0));
    Weights out(16);
    strategy->fuse_source_layer(attention, 1, out);
    CHECK(out == fused("single(2)", attention, 1));
    CHECK_FALSE(head_strategies().make("mean", "test")->depends_on_source_layer());
}

TEST_CASE("late aggregation attributes with each head and combines the scores", "[heads]") {
    const auto attention = three_heads();
    const auto combined = [&](const std::string& call) {
        Weights scores{0.3, 0.1, 0.2, 0.8};
        return head_strategies().make(call, "test")->combine(scores);
    };
    CHECK(head_strategies().make("late", "test")->passes(attention) ==
          std::vector<std::string>{"single(0)", "single(1)", "single(2)"});
    CHECK(head_strategies().make("mean", "test")->passes(attention).empty());
    CHECK(combined("late") == Approx(0.35));
    CHECK(combined("late(max)") == 0.8);
    CHECK(combined("late(min)") == 0.1);
    CHECK(combined("late(median)") == Approx(0.25));
}

TEST_CASE("a head that does not exist is refused", "[heads]") {
    for (const char* name : {"single", "followed"}) {
        const auto strategy = head_strategies().make(std::string(name) + "(3)", "test");
        CHECK(message_of<ParameterError>([&] { strategy->check(three_heads()); }) ==
              std::string(name) + ": there is no head 3, the attention has heads 0 to 2");
    }
    CHECK(message_of<ParameterError>([&] { head_strategies().make("singel(1)", "here"); }) ==
          "here: no head strategy 'singel'; did you mean 'single'?");
    CHECK(message_of<ParameterError>([&] { head_strategies().make("single(-1)", "here"); }) ==
          "here: single: head is -1 (integer), expected integer, at least 0");
}

TEST_CASE("a layer without head axis stands for every head", "[heads]") {
    const auto values = std::make_shared<const Weights>(Weights{0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8});
    const auto view = [&](const char* name, std::vector<std::size_t> shape) {
        return TensorView{name, DType::f64, std::move(shape), reinterpret_cast<const std::byte*>(values->data())};
    };
    const auto attention = AttentionStack::from_chain({view("a", {2, 2, 2}), view("b", {3, 2})}, values, "test");
    CHECK(attention.heads() == 2);
    CHECK(attention.heads(0) == 2);
    CHECK(attention.heads(1) == 1);
    for (const char* call : {"mean", "max", "min", "median", "single(1)", "top_k(2)", "entropy_weighted"}) {
        CHECK(fused(call, attention, 1) == Weights{0.1, 0.2, 0.3, 0.4, 0.5, 0.6});
    }
    CHECK(fused("single(1)", attention, 0) == Weights{0.5, 0.6, 0.7, 0.8});
}
