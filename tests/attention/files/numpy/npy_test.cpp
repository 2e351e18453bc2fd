#include "attention/files/numpy/npy.hpp"

#include <bit>
#include <cstring>

#include <catch2/catch.hpp>

#include "attention/dataset.hpp"
#include "graph/support/error.hpp"
#include "tests/attention/make_files.hpp"
#include "tests/attention/make_npz.hpp"

using namespace attnflow;
using namespace attnflow::testing;

namespace {

std::span<const std::byte> as_bytes(const std::string& text) {
    return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}

std::vector<double> values_of(const std::string& file) { return read_npy(as_bytes(file), "x").view.values(); }

std::string refusal(const std::string& file) {
    return message_of<InputError>([&] { read_npy(as_bytes(file), "x"); });
}

template <class T>
std::string raw(std::initializer_list<T> values, bool big_endian = false) {
    std::string out;
    for (const T value : values) {
        char bytes[sizeof value];
        std::memcpy(bytes, &value, sizeof value);
        if (big_endian) std::reverse(bytes, bytes + sizeof value);
        out.append(bytes, sizeof value);
    }
    return out;
}

std::string utf32(const std::u32string& text, std::size_t length) {
    std::string out;
    for (std::size_t i = 0; i < length; ++i) {
        const auto c = static_cast<std::uint32_t>(i < text.size() ? text[i] : 0);
        for (int b = 0; b < 4; ++b) out += static_cast<char>(c >> (8 * b));
    }
    return out;
}

const std::string header_form = ", expected a dictionary of descr, fortran_order and shape";

}  // namespace

TEST_CASE("npy numbers of every order of bytes and axes", "[npy]") {
    const std::vector<double> expected{0, 1, 2, 3, 4, 5};
    CHECK(values_of(npy("<f4", "(2, 3)", raw<float>({0, 1, 2, 3, 4, 5}))) == expected);
    CHECK(values_of(npy(">f4", "(2, 3)", raw<float>({0, 1, 2, 3, 4, 5}, true))) == expected);
    CHECK(values_of(npy("<f8", "(2, 3)", raw<double>({0, 3, 1, 4, 2, 5}), true)) == expected);
    CHECK(values_of(npy(">i4", "(2, 3)", raw<std::int32_t>({0, 3, 1, 4, 2, 5}, true), true)) == expected);
    CHECK(values_of(npy("=i8", "(6,)", raw<std::int64_t>({0, 1, 2, 3, 4, 5}), true)) == expected);
    CHECK(values_of(npy("<f2", "(2,)", std::string("\x00\x3c\x00\xc0", 4))) == std::vector<double>{1, -2});
    CHECK(values_of(npy("<f8", "()", raw<double>({7}))) == std::vector<double>{7});
    CHECK(values_of(npy("<f8", "(0, 3)", "", true)).empty());
    // [2, 3, 2] column-major: entry (i, j, k) lies at i + 2 j + 6 k.
    std::string columns;
    for (int k = 0; k < 2; ++k) {
        for (int j = 0; j < 3; ++j) {
            for (int i = 0; i < 2; ++i) columns += raw<double>({100.0 * i + 10 * j + k});
        }
    }
    CHECK(values_of(npy("<f8", "(2, 3, 2)", columns, true)) ==
          std::vector<double>{0, 1, 10, 11, 20, 21, 100, 101, 110, 111, 120, 121});
}

TEST_CASE("npy versions 2 and 3, and headers written otherwise", "[npy]") {
    const std::string one = raw<double>({1});
    CHECK(values_of(npy_with("{\"shape\":(1,),\"descr\":\"<f8\",\"fortran_order\":False}", one, 2)) ==
          std::vector<double>{1});
    CHECK(values_of(npy_with("{'descr': '<f8', 'fortran_order': True, 'shape': (1, 1), }\n", one, 3)) ==
          std::vector<double>{1});
    CHECK(refusal(npy_with("{}", "", 4)) == "x: npy version 4.0, expected 1.0, 2.0 or 3.0");
}

TEST_CASE("npy text is UTF-8 without padding", "[npy]") {
    const NpyArray array = read_npy(
        as_bytes(npy("<U3", "(3,)", utf32(U"a", 3) + utf32(U"\u00e9\u20ac\U0001F600", 3) + utf32(U"", 3))), "x");
    REQUIRE(array.is_text);
    CHECK(array.text == std::vector<std::string>{"a", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", ""});
    CHECK(read_npy(as_bytes(npy("|S2", "(2,)", std::string("abc\0", 4))), "x").text ==
          std::vector<std::string>{"ab", "c"});
    CHECK(read_npy(as_bytes(npy("<U1", "(2, 2)", utf32(U"acbd", 4), true)), "x").text ==
          std::vector<std::string>{"a", "b", "c", "d"});
    CHECK(refusal(npy("<U1", "()", utf32({0xD800}, 1))) == "x: text with code point 0xd800, which is not Unicode");
    CHECK(refusal(npy("|S1", "()", "\xff")) == "x: text '\\xff' is not UTF-8");
}

TEST_CASE("npy arrays that cannot be used are refused, with the reason", "[npy]") {
    const std::string one = raw<double>({1});
    CHECK(refusal("") == "x: no npy array, expected it to begin with \\x93NUMPY");
    CHECK(refusal("\x93NUMPY\x01") == "x: no npy array, expected it to begin with \\x93NUMPY");
    CHECK(refusal(std::string("\x93NUMPY\x01\x00\xff\x00{", 11)) ==
          "x: npy header is cut short (is the file complete?)");
    CHECK(refusal(std::string("\x93NUMPY\x02\x00\xff\xff", 10)) ==
          "x: npy header is cut short (is the file complete?)");
    CHECK(refusal(npy_with(std::string(70000, ' '), "", 2)) ==
          "x: npy header of 70000 bytes, expected at most 65536");
    CHECK(
        refusal(npy("|O", "(1,)", one)) ==
        "x: Python objects (pickled), which are never read; save plain arrays, text as np.array(list_of_strings)");
    CHECK(refusal(npy("|V2", "(4,)", one)) ==
          "x: npy type '|V2' cannot be read (bfloat16? convert it to float32 first), expected f8, f4, f2, another "
          "number, or text");
    CHECK(refusal(npy("<f16", "(1,)", one + one)) ==
          "x: npy type '<f16' cannot be read, expected f8, f4, f2, another number, or text");
    CHECK(refusal(npy("<M8[ns]", "(1,)", one)) == "x: npy type '<M8[ns]', expected for instance '<f4'");
    CHECK(refusal(npy("<U99999999", "(1,)", one)).starts_with("x: npy type '<U99999999' cannot be read"));
    CHECK(refusal(npy("<f8", "(2,)", one)) ==
          "x: 8 bytes of data, expected 16 for shape [2] of 8 bytes each (is the file complete?)");
    CHECK(refusal(npy("<f8", "(1,)", one + "x")) ==
          "x: 9 bytes of data, expected 8 for shape [1] of 8 bytes each");
    CHECK(refusal(npy("<f8", "(4294967296, 4294967296)", one)) ==
          "x: shape [4294967296, 4294967296] has too many elements to count");
    CHECK(refusal(npy("<f8", "(1, 1, 1, 1, 1, 1, 1, 1, 1)", one)) == "x: more than 8 axes");
    CHECK(refusal(npy("<f8", "(99999999999999999999,)", one)) ==
          "x: npy header holds '999999999999' where a size belongs" + header_form);
    CHECK(refusal(npy("<f8", "(-1,)", one)) ==
          "x: npy header holds '-1,), }     ' where a size belongs" + header_form);
    CHECK(refusal(npy("<f8", "(1)", one)) == "x: npy header holds (N) where a tuple (N,) belongs" + header_form);
    CHECK(refusal(npy_with("{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (1,)}", one)) ==
          "x: a structured array (several fields), expected an array of plain numbers");
    CHECK(refusal(npy_with("{'descr': '<f8', 'shape': (1,)}", one)) ==
          "x: npy header holds not all of them" + header_form);
    CHECK(refusal(npy_with("{'descr': '<f8', 'descr': '<f8'}", one)) ==
          "x: npy header holds 'descr' twice" + header_form);
    CHECK(refusal(npy_with("{'descr': '<f8', 'fortran_order': 0, 'shape': (1,)}", one)) ==
          "x: npy header holds '0, 'shape': ' where True or False belongs" + header_form);
    CHECK(refusal(npy_with("{'descr': '<f8', 'fortran_order': False, 'shape': (1,)} x", one)) ==
          "x: npy header holds something after the dictionary" + header_form);
    CHECK(refusal(npy_with("{'evil': __import__('os')}", one)) ==
          "x: npy header holds the key 'evil'" + header_form);
    CHECK(refusal(npy_with("{'descr': '<f8", one)) == "x: npy header holds a string without end" + header_form);
}

TEST_CASE("an npy file is the attention of one example", "[npy]") {
    const TemporaryDirectory directory;
    const std::string path = directory.file("mine.npy");
    write_bytes(path, npy("<f8", "(1, 1, 2, 2)", raw<double>({1, 0, 0.5, 0.5})));
    const Dataset dataset = Dataset::open(path);
    CHECK(dataset.ids() == std::vector<std::string>{"mine"});
    CHECK(dataset.example(0).tokens == std::vector<std::string>{"#0", "#1"});
    std::vector<double> head(4);
    dataset.example(0).attention.read_head(0, 0, head);
    CHECK(head == std::vector<double>{1, 0, 0.5, 0.5});
    write_bytes(path, npy("<U1", "(1,)", utf32(U"a", 1)));
    CHECK(message_of<InputError>([&] { Dataset::open(path); }) == path + ": an array of text, expected attention");
}
