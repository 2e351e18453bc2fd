#include "attention/validate.hpp"

#include <cmath>
#include <limits>

#include <catch2/catch.hpp>

#include "attention/dataset.hpp"
#include "attention/network/build_network.hpp"
#include "graph/support/error.hpp"
#include "tests/attention/make_files.hpp"

using namespace attnflow;
using namespace attnflow::testing;

namespace {

constexpr std::size_t layers = 3, heads = 6, tokens = 8;

std::size_t position(std::size_t layer, std::size_t head, std::size_t row, std::size_t column) {
    return ((layer * heads + head) * tokens + row) * tokens + column;
}

/// The message for random attention in which one weight was replaced.
std::string refusal(std::size_t at, double weight, std::optional<double> tolerance = std::nullopt) {
    std::vector<double> values = random_attention(layers, heads, tokens, 7);
    values[at] = weight;
    const auto stack = AttentionStack::from_values(layers, heads, tokens, values);
    return message_of<InputError>([&] { validate(stack, "ex00003", tolerance); });
}

}  // namespace

TEST_CASE("proper attention passes and is described", "[validate]") {
    const auto full = AttentionStack::from_values(2, 3, 5, random_attention(2, 3, 5, 1));
    const ValidationReport report = validate(full, "x");
    CHECK(report.largest_deviation < 1e-15);
    CHECK_FALSE(report.causal);
    CHECK(report.zeros == 0);

    const auto causal = AttentionStack::from_values(2, 3, 5, random_attention(2, 3, 5, 1, true));
    CHECK(validate(causal, "x").causal);
    CHECK(validate(causal, "x").zeros == 2 * 3 * 10);

    const auto one = AttentionStack::from_values(1, 1, 1, {1.0});
    CHECK(validate(one, "x").causal);
    CHECK(validate(one, "x").largest_deviation == 0.0);
    // A negative zero is a zero.
    CHECK(validate(AttentionStack::from_values(1, 1, 2, {1.0, -0.0, 0.5, 0.5}), "x").zeros == 1);
}

TEST_CASE("the largest deviation is located", "[validate]") {
    std::vector<double> values = random_attention(layers, heads, tokens, 7);
    values[position(1, 4, 6, 0)] += 5e-5;
    values[position(2, 0, 0, 0)] += 3e-5;
    const ValidationReport report = validate(AttentionStack::from_values(layers, heads, tokens, values), "x");
    CHECK(report.largest_deviation == Approx(5e-5));
    CHECK(report.layer == 2);
    CHECK(report.head == 4);
    CHECK(report.row == 6);
}

TEST_CASE("weights that are no weights are refused with their place", "[validate]") {
    const std::size_t at = position(2, 5, 7, 2);
    const double infinity = std::numeric_limits<double>::infinity();
    CHECK(refusal(at, std::nan("")) ==
          "ex00003: layer 3, head 5, row 7, column 2 is NaN, expected a finite weight >= 0");
    CHECK(refusal(at, infinity) ==
          "ex00003: layer 3, head 5, row 7, column 2 is infinity, expected a finite weight >= 0");
    CHECK(refusal(at, -infinity) ==
          "ex00003: layer 3, head 5, row 7, column 2 is -infinity, expected a finite weight >= 0");
    CHECK(refusal(at, -0.25) ==
          "ex00003: layer 3, head 5, row 7, column 2 is -0.25, expected a finite weight >= 0");
    CHECK(refusal(position(0, 0, 0, 0), std::nan("")) ==
          "ex00003: layer 1, head 0, row 0, column 0 is NaN, expected a finite weight >= 0");
    // No tolerance makes these acceptable.
    CHECK_FALSE(refusal(at, std::nan(""), infinity).empty());
    CHECK_FALSE(refusal(at, -1e-9, infinity).empty());
    CHECK_FALSE(refusal(at, infinity, infinity).empty());
}

TEST_CASE("row sums are held to the tolerance of the type", "[validate]") {
    CHECK(row_sum_tolerance(DType::f64) == 1e-4);
    CHECK(row_sum_tolerance(DType::f32) == 1e-4);
    CHECK(row_sum_tolerance(DType::f16) == 2e-3);
    CHECK(row_sum_tolerance(DType::bf16) == 2e-2);

    const auto stack = AttentionStack::from_values(1, 1, 2, {0.5, 0.43, 0.5, 0.5});
    const auto message = [&](std::optional<double> tolerance) {
        return message_of<InputError>([&] { validate(stack, "ex1", tolerance); });
    };
    CHECK(message(std::nullopt) ==
          "ex1: layer 1, head 0, row 0 sums to 0.93, expected 1 ± 1e-4 for F64 "
          "(use --row-sum-tolerance or renormalise)");
    CHECK(message(0.015) ==
          "ex1: layer 1, head 0, row 0 sums to 0.93, expected 1 ± 1.5e-2 "
          "(use --row-sum-tolerance or renormalise)");
    CHECK(message(0.0) ==
          "ex1: layer 1, head 0, row 0 sums to 0.93, expected 1 ± 0e+0 "
          "(use --row-sum-tolerance or renormalise)");
    CHECK(message(0.0701).empty());
    CHECK(validate(stack, "ex1", 0.1).largest_deviation == Approx(0.07));
    CHECK(message_of<ParameterError>([&] { validate(stack, "ex1", -0.1); }) ==
          "row-sum tolerance is -0.1, expected a number >= 0");
    CHECK_THROWS_AS(validate(stack, "ex1", std::nan("")), ParameterError);
}

TEST_CASE("rounded attention from a file passes, a bad row of it does not", "[validate]") {
    const TemporaryDirectory directory;
    NewTensor tensor = attention_tensor("attentions", layers, heads, tokens, 5, DType::f16);
    write_safetensors(directory.file("good.safetensors"), {tensor});
    const ValidationReport report =
        validate(Dataset::open(directory.file("good.safetensors")).example(0).attention, "good");
    CHECK(report.largest_deviation > 1e-6);
    CHECK(report.largest_deviation < 2e-3);

    for (std::size_t k = 0; k < tokens; ++k) tensor.values[position(2, 5, 7, k)] = k < 2 ? 0.46875 : 0.0;
    write_safetensors(directory.file("bad.safetensors"), {tensor});
    const auto bad = Dataset::open(directory.file("bad.safetensors")).example(0);
    CHECK(message_of<InputError>([&] { validate(bad.attention, "ex00003"); }) ==
          "ex00003: layer 3, head 5, row 7 sums to 0.9375, expected 1 ± 2e-3 for F16 "
          "(use --row-sum-tolerance or renormalise)");
}

TEST_CASE("attention is validated while a network is made of it, and what the network needs not afterwards",
          "[validate]") {
    std::vector<double> values = random_attention(layers, heads, tokens, 7, GENERATE(false, true));
    std::size_t rows_read_again = 0;
    const auto stack = AttentionStack::from_values(layers, heads, tokens, values)
                           .watched([&](std::size_t, std::size_t, std::size_t, std::span<const double> weights) {
                               rows_read_again += weights.size() / tokens;
                           });
    const ValidationReport alone = validate(stack, "x");
    const std::pair<const char*, std::size_t> strategies[] = {
        {"mean", 0},
        {"median", 0},
        {"entropy_weighted", 0},
        {"single(3)", layers * (heads - 1) * tokens},
    };
    for (const auto& [name, rows] : strategies) {
        INFO(name);
        const NetworkOptions options{.heads = name};
        Validator validator(stack, "x");
        CHECK(build_network(validator.watched(), options) == build_network(stack, options));
        rows_read_again = 0;
        const ValidationReport report = validator.finish();
        CHECK(rows_read_again == rows);
        CHECK(report.causal == alone.causal);
        CHECK(report.zeros == alone.zeros);
        CHECK(report.largest_deviation == alone.largest_deviation);
    }

    values[position(1, 2, 3, 4)] = std::nan("");
    const auto broken = AttentionStack::from_values(layers, heads, tokens, values);
    const std::string message = "x: layer 2, head 2, row 3, column 4 is NaN, expected a finite weight >= 0";
    CHECK(message_of<InputError>([&] {
              Validator validator(broken, "x");
              build_network(validator.watched(), {});
          }) == message);
    CHECK(message_of<InputError>([&] {
              Validator validator(broken, "x");
              build_network(validator.watched(), {.heads = "single(3)"});
              validator.finish();
          }) == message);
}
