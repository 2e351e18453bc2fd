#include "attention/files/tensor.hpp"

#include <cmath>
#include <cstring>
#include <limits>

#include <catch2/catch.hpp>

#include "graph/support/error.hpp"
#include "tests/attention/make_files.hpp"

using namespace attnflow;
using attnflow::testing::message_of;

namespace {

/// (-1)^s 2^(e - bias) 1.m as the standards write it, field by field.
double by_fields(std::uint16_t bits, int fraction_bits, int bias) {
    const int exponent_bits = 15 - fraction_bits;
    const int exponent = (bits >> fraction_bits) & ((1 << exponent_bits) - 1);
    const int fraction = bits & ((1 << fraction_bits) - 1);
    const double sign = (bits >> 15) != 0 ? -1.0 : 1.0;
    const double part = std::ldexp(fraction, -fraction_bits);
    if (exponent == (1 << exponent_bits) - 1) {
        return fraction != 0 ? std::nan("") : sign * std::numeric_limits<double>::infinity();
    }
    if (exponent == 0) return sign * std::ldexp(part, 1 - bias);
    return sign * std::ldexp(1.0 + part, exponent - bias);
}

bool same(double a, double b) {
    return (std::isnan(a) && std::isnan(b)) || (a == b && std::signbit(a) == std::signbit(b));
}

template <class T>
std::vector<std::byte> bytes_of(const std::vector<T>& values, std::size_t shift = 0) {
    std::vector<std::byte> bytes(shift + values.size() * sizeof(T));
    std::memcpy(bytes.data() + shift, values.data(), values.size() * sizeof(T));
    return bytes;
}

}  // namespace

TEST_CASE("every F16 and BF16 pattern decodes to its value", "[tensor]") {
    std::size_t wrong = 0;
    for (std::uint32_t pattern = 0; pattern <= 0xFFFF; ++pattern) {
        const auto bits = static_cast<std::uint16_t>(pattern);
        if (!same(f16_to_double(bits), by_fields(bits, 10, 15))) ++wrong;
        if (!same(bf16_to_double(bits), by_fields(bits, 7, 127))) ++wrong;
    }
    CHECK(wrong == 0);
    CHECK(f16_to_double(0x0001) == 0x1p-24);
    CHECK(f16_to_double(0x7BFF) == 65504.0);
    CHECK(bf16_to_double(0x3F80) == 1.0);
}

TEST_CASE("F16 encoding undoes decoding and rounds to nearest even", "[tensor]") {
    std::size_t wrong = 0;
    for (std::uint32_t pattern = 0; pattern <= 0xFFFF; ++pattern) {
        const auto bits = static_cast<std::uint16_t>(pattern);
        const double value = f16_to_double(bits);
        if (std::isnan(value)) {
            if (!std::isnan(f16_to_double(double_to_f16(value)))) ++wrong;
            continue;
        }
        if (double_to_f16(value) != bits) ++wrong;
        // Between this magnitude and the next: the middle goes to the even one.
        const auto next = static_cast<std::uint16_t>(bits + 1);
        if ((bits & 0x7FFF) >= 0x7BFF) continue;
        const double middle = (value + f16_to_double(next)) / 2;
        if (double_to_f16(middle) != ((bits & 1) != 0 ? next : bits)) ++wrong;
        if (double_to_f16(std::nextafter(middle, value)) != bits) ++wrong;
        if (double_to_f16(std::nextafter(middle, f16_to_double(next))) != next) ++wrong;
    }
    CHECK(wrong == 0);
    CHECK(double_to_f16(std::nextafter(65520.0, 0.0)) == 0x7BFF);
    CHECK(double_to_f16(65520.0) == 0x7C00);
    CHECK(double_to_f16(-1e300) == 0xFC00);
    CHECK(double_to_f16(0x1p-25) == 0x0000);
    CHECK(double_to_f16(std::numeric_limits<double>::denorm_min()) == 0x0000);
}

TEST_CASE("types have names and sizes", "[tensor]") {
    for (const char* name :
         {"F64", "F32", "F16",  "BF16", "I64",     "I32",     "I16",     "I8",      "U64",     "U32",
          "U16", "U8",  "BOOL", "C64",  "F8_E5M2", "F8_E4M3", "F8_E8M0", "F6_E2M3", "F6_E3M2", "F4"}) {
        INFO(name);
        const auto dtype = dtype_from_name(name);
        REQUIRE(dtype.has_value());
        CHECK(dtype_name(*dtype) == name);
    }
    CHECK_FALSE(dtype_from_name("f32").has_value());
    CHECK_FALSE(dtype_from_name("").has_value());
    CHECK(dtype_bits(DType::bf16) == 16);
    CHECK(dtype_bits(DType::f4) == 4);
    CHECK(is_float(DType::bf16));
    CHECK_FALSE(is_float(DType::i64));
    CHECK(is_decodable(DType::i32));
    CHECK_FALSE(is_decodable(DType::i16));
}

TEST_CASE("a view reads any range, aligned or not", "[tensor]") {
    const std::vector<double> expected = {1.5, -2.0, 0.0, 3.0, 4.0, 5.0};
    for (const std::size_t shift : {0, 1, 3}) {
        const auto f64 = bytes_of(expected, shift);
        const auto f32 = bytes_of(std::vector<float>{1.5f, -2.0f, 0.0f, 3.0f, 4.0f, 5.0f}, shift);
        const TensorView wide{"x", DType::f64, {2, 3}, f64.data() + shift};
        const TensorView narrow{"x", DType::f32, {2, 3}, f32.data() + shift};
        CHECK(wide.values() == expected);
        CHECK(narrow.values() == expected);
        std::vector<double> two(2);
        narrow.read(3, two);
        CHECK(two == std::vector<double>{3.0, 4.0});
    }
    const auto i64 = bytes_of(std::vector<std::int64_t>{-3, std::int64_t{1} << 53});
    CHECK(TensorView{"x", DType::i64, {2}, i64.data()}.values() == std::vector<double>{-3.0, 0x1p53});
    const auto i32 = bytes_of(std::vector<std::int32_t>{-3, 7});
    CHECK(TensorView{"x", DType::i32, {2}, i32.data()}.values() == std::vector<double>{-3.0, 7.0});
    const auto bf16 = bytes_of(std::vector<std::uint16_t>{0x3F80, 0xBF00}, 1);
    CHECK(TensorView{"x", DType::bf16, {2}, bf16.data() + 1}.values() == std::vector<double>{1.0, -0.5});
}

TEST_CASE("slices drop the first axis", "[tensor]") {
    const auto bytes = bytes_of(std::vector<double>{0, 1, 2, 3, 4, 5});
    const TensorView matrix{"m", DType::f64, {3, 2}, bytes.data()};
    const TensorView row = matrix.slice(2);
    CHECK(row.name == "m");
    CHECK(row.shape == std::vector<std::size_t>{2});
    CHECK(row.values() == std::vector<double>{4, 5});
    CHECK(row.slice(1).shape.empty());
    CHECK(row.slice(1).values() == std::vector<double>{5});
    CHECK_THROWS_AS(matrix.slice(3), InternalError);
    CHECK_THROWS_AS(row.slice(1).slice(0), InternalError);
}

TEST_CASE("a view refuses what it cannot read", "[tensor]") {
    const auto bytes = bytes_of(std::vector<double>{0, 1});
    std::vector<double> out(2);
    const TensorView pair{"pair", DType::f64, {2}, bytes.data()};
    CHECK(message_of<InternalError>([&] { pair.read(1, out); }) ==
          "tensor 'pair': elements 1 + 2 asked for, it has 2");
    CHECK_THROWS_AS(pair.read(std::numeric_limits<std::size_t>::max(), out), InternalError);
    // Whole bytes are read as numbers, whatever they count.
    const TensorView bytes_as_numbers{"b", DType::u8, {2}, bytes.data() + 14};
    CHECK(bytes_as_numbers.values() == std::vector<double>{0xF0, 0x3F});
    const TensorView signed_bytes{"b", DType::i8, {2}, bytes.data() + 14};
    CHECK(signed_bytes.values() == std::vector<double>{-16, 0x3F});
    const TensorView small{"small", DType::c64, {2}, bytes.data()};
    CHECK(message_of<InputError>([&] { small.read(0, out); }) ==
          "tensor 'small': elements of type C64 cannot be read, expected a float of 16 bits or more, an integer "
          "or BOOL");
}
