#include "attention/validate.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <catch2/catch.hpp>

#include "attention/dataset.hpp"
#include "attention/network/build_network.hpp"
#include "attention/row_diagnosis.hpp"
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
    CHECK_THAT(refusal(at, std::nan("")),
               Catch::StartsWith("ex00003: layer 3, head 5, row 7, column 2 is NaN, expected a finite weight >= 0"
                                 ": "));
    CHECK_THAT(
        refusal(at, infinity),
        Catch::StartsWith("ex00003: layer 3, head 5, row 7, column 2 is infinity, expected a finite weight >= 0"
                          ": "));
    CHECK_THAT(
        refusal(at, -infinity),
        Catch::StartsWith("ex00003: layer 3, head 5, row 7, column 2 is -infinity, expected a finite weight >= 0"
                          ": "));
    CHECK_THAT(
        refusal(at, -0.25),
        Catch::StartsWith("ex00003: layer 3, head 5, row 7, column 2 is -0.25, expected a finite weight >= 0"
                          ": "));
    CHECK_THAT(refusal(position(0, 0, 0, 0), std::nan("")),
               Catch::StartsWith("ex00003: layer 1, head 0, row 0, column 0 is NaN, expected a finite weight >= 0"
                                 ": "));
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
    const std::string why = ": rows sum to 0.93 to 1, never more than 1: ";
    CHECK_THAT(message(std::nullopt),
               Catch::StartsWith("ex1: layer 1, head 0, row 0 sums to 0.93, expected 1 ± 1e-4 for F64" + why));
    CHECK_THAT(message(0.015),
               Catch::StartsWith("ex1: layer 1, head 0, row 0 sums to 0.93, expected 1 ± 1.5e-2" + why));
    CHECK_THAT(message(0.0),
               Catch::StartsWith("ex1: layer 1, head 0, row 0 sums to 0.93, expected 1 ± 0e+0" + why));
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
    CHECK_THAT(message_of<InputError>([&] { validate(bad.attention, "ex00003"); }),
               Catch::StartsWith("ex00003: layer 3, head 5, row 7 sums to 0.9375, expected 1 ± 2e-3 for F16: "));
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
    const std::string message =
        "x: layer 2, head 2, row 3, column 4 is NaN, expected a finite weight >= 0: 1 of the "
        "weights looked at are NaN: ";
    CHECK_THAT(message_of<InputError>([&] {
                   Validator validator(broken, "x");
                   build_network(validator.watched(), {});
               }),
               Catch::StartsWith(message));
    CHECK_THAT(message_of<InputError>([&] {
                   Validator validator(broken, "x");
                   build_network(validator.watched(), {.heads = "single(3)"});
                   validator.finish();
               }),
               Catch::StartsWith(message));
}

TEST_CASE("positions that no other attends to are found, and none where there is no padding", "[validate]") {
    using Positions = std::vector<std::size_t>;
    // Rows as text: x for a weight, . for 0.
    const auto unattended = [](const std::vector<std::string>& rows) {
        const std::size_t n = rows.size();
        std::vector<double> values;
        for (const std::string& row : rows) {
            const auto count = static_cast<double>(std::count(row.begin(), row.end(), 'x'));
            for (const char c : row) values.push_back(c == 'x' ? 1.0 / count : 0.0);
        }
        // A second layer and a second head of the same.
        std::vector<double> all;
        for (int copy = 0; copy < 4; ++copy) all.insert(all.end(), values.begin(), values.end());
        return validate(AttentionStack::from_values(2, 2, n, all), "x").unattended;
    };
    CHECK(unattended({"xxxx", "xxxx", "xxxx", "xxxx"}) == Positions{});
    CHECK(unattended({"x...", "xx..", "xxx.", "xxxx"}) == Positions{});      // causal
    CHECK(unattended({"xx..", "xxx.", ".xxx", "..xx"}) == Positions{});      // a window
    CHECK(unattended({"x...", ".x..", "..x.", "...x"}) == Positions{});      // nobody attends to anybody
    CHECK(unattended({"xx..", "xx..", "xx..", "xx.."}) == Positions{2, 3});  // padding on the right
    CHECK(unattended({"xx..", "xx..", "xxx.", "xx.x"}) == Positions{2, 3});  // that attends to itself
    CHECK(unattended({"xx..", "xx..", "xxxx", "xxxx"}) == Positions{2, 3});  // and to each other
    CHECK(unattended({"..xx", "..xx", "..xx", "..xx"}) == Positions{0, 1});
    CHECK(unattended({"x...", "xx..", "..x.", "..xx"}) == Positions{0, 1});  // causal, on the left
    CHECK(unattended({"x...", "xx..", "xx..", "xx.."}) == Positions{2, 3});  // causal, on the right
    CHECK(unattended({"x...", "xx..", "xxx.", "xxx."}) == Positions{});      // as the last of any causal text
    CHECK(unattended({"x.xx", "x.xx", "x.xx", "x.xx"}) == Positions{1});
    CHECK(unattended({"x"}) == Positions{});
    CHECK(unattended({"xx", "xx"}) == Positions{});
}

TEST_CASE("a coarser type is told by all values, and only where they use it", "[validate]") {
    const auto precision = [](std::vector<double> values) {
        const auto n = static_cast<std::size_t>(std::sqrt(static_cast<double>(values.size())));
        return precision_of_values(AttentionStack::from_values(1, 1, n, std::move(values)));
    };
    CHECK(precision({0.50390625, 0.49609375, 0.251953125, 0.74609375}) == DType::bf16);
    CHECK(precision({0.5, 0.484375, 0.5, 0.5}) == DType::f64);  // as likely a mistake as a rounded number
    CHECK(precision({0.5, 0.5, 0.25, 0.75}) == DType::f64);
    CHECK(precision({f16_to_double(0x3401), f16_to_double(0x3A7F), f16_to_double(0x0001), 1.0}) == DType::f16);
    CHECK(precision({0.1, 0.9, 0.5, 0.5}) == DType::f64);
    CHECK(precision(random_attention(1, 1, 9, 3)) == DType::f64);
    CHECK(precision({0.0, 0.0, 0.0, 0.0}) == DType::f64);
}

TEST_CASE(
    "causal attention with heads between queries and keys is refused where there are as many heads as tokens",
    "[validate]") {
    constexpr std::size_t n = 5;
    const std::vector<double> right = random_attention(2, n, n, 3, /*causal=*/true);
    std::vector<double> exchanged(right.size());  // [layer, query, head, key]
    for (std::size_t l = 0; l < 2; ++l) {
        for (std::size_t h = 0; h < n; ++h) {
            for (std::size_t q = 0; q < n; ++q) {
                for (std::size_t k = 0; k < n; ++k)
                    exchanged[((l * n + q) * n + h) * n + k] = right[((l * n + h) * n + q) * n + k];
            }
        }
    }
    CHECK(validate(AttentionStack::from_values(2, n, n, right), "x").causal);
    CHECK_NOTHROW(validate(AttentionStack::from_values(2, n, n, random_attention(2, n, n, 3)), "x"));
    // Heads of one-hot rows that never attend to the last key: chance.
    CHECK_NOTHROW(validate(AttentionStack::from_values(1, 2, 2, {1, 0, 1, 0, 0, 1, 1, 0}), "x"));
    CHECK_NOTHROW(validate(AttentionStack::from_values(1, 2, 2, {1, 0, 1, 0, 0, 1, 0, 1}), "x"));
    const std::string text =
        message_of<InputError>([&] { validate(AttentionStack::from_values(2, n, n, exchanged), "x"); });
    CHECK(text.find("head 0 attends to key 0 only, head 1 to none after key 1, and so on for all 5 heads") !=
          std::string::npos);
    CHECK(text.find("`weights = numpy.swapaxes(weights, -3, -2)`") != std::string::npos);
}
