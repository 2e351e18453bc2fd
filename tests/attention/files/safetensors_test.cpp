#include "attention/files/safetensors.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "graph/support/error.hpp"
#include "tests/attention/make_files.hpp"

using namespace attnflow;
using namespace attnflow::testing;

namespace {

struct HostileFile {
    const char* what;
    std::string bytes;
    std::string message;  ///< after "<path>: "; its beginning when it ends in "..."
};

std::string tensor_x(const std::string& dtype, const std::string& shape, const std::string& offsets) {
    return R"({"x": {"dtype": )" + dtype + R"(, "shape": )" + shape + R"(, "data_offsets": )" + offsets + "}}";
}

std::string two_tensors(const std::string& first_offsets, const std::string& second_offsets) {
    return R"({"a": {"dtype": "F32", "shape": [2], "data_offsets": )" + first_offsets +
           R"(}, "b": {"dtype": "F32", "shape": [2], "data_offsets": )" + second_offsets + "}}";
}

std::string with_length(std::uint64_t length, const std::string& rest) {
    std::string bytes = raw_safetensors("") + rest;
    std::memcpy(bytes.data(), &length, sizeof length);
    return bytes;
}

std::vector<HostileFile> hostile_files() {
    const std::string eight(8, '\0');
    std::string deep, keys = "{";
    for (int i = 0; i < 1'000'000; ++i) deep += '[';
    for (int i = 0; i < 1'000'000; ++i) keys += (i == 0 ? "\"" : ",\"") + std::to_string(i) + "\":0";
    keys += "}";
    return {
        {"7 bytes", "1234567", "is text that begins with '1234567', expected safetensors: ..."},
        {"another format", "PK\x03\x04 and more than eight bytes", "is a zip archive: ..."},
        {"header longer than file", with_length(100, "{}"),
         "header of 100 bytes, but only 2 follow (is the file complete?)"},
        {"largest header length", with_length(~std::uint64_t{0}, "{}"),
         "begins with the bytes ff ff ff ff ff ff ff ff, which is no safetensors, npz or npy file: ..."},
        {"empty header", raw_safetensors(""), "header: not valid JSON at byte 0 after '': ..."},
        {"header is a list", raw_safetensors("[]"), "header has type array, expected an object"},
        {"header is a number", raw_safetensors("3"), "header has type number, expected an object"},
        {"invalid UTF-8", raw_safetensors("{\"\xff\": 1}"), "header: not valid JSON at byte 2 after '{\"': ..."},
        {"depth 10^6", raw_safetensors(deep), "header: nested more than 32 deep"},
        {"10^6 keys", raw_safetensors(keys), "tensor '0': has type number, expected an object"},
        {"text after the header", raw_safetensors("{} {}"), "header: not valid JSON at byte 3 after '{} ': ..."},
        {"duplicate name", raw_safetensors(R"({"x": 1, "x": 1})"), "header: key 'x' is there twice in one object"},
        {"duplicate nested", raw_safetensors(R"({"x": {"dtype": "F32", "dtype": "F64"}})"),
         "header: key 'dtype' is there twice in one object"},
        {"duplicate metadata", raw_safetensors(R"({"__metadata__": {"a": "1", "a": "2"}})"),
         "header: key 'a' is there twice in one object"},
        {"metadata is text", raw_safetensors(R"({"__metadata__": "a"})"),
         "__metadata__ has type string, expected an object of strings"},
        {"metadata of numbers", raw_safetensors(R"({"__metadata__": {"seed": 3}})"),
         "metadata 'seed' has type number, expected a string"},
        {"no dtype", raw_safetensors(R"({"x": {"shape": [], "data_offsets": [0, 0]}})"),
         "tensor 'x': no 'dtype', expected dtype, shape and data_offsets"},
        {"no shape", raw_safetensors(R"({"x": {"dtype": "F32", "data_offsets": [0, 0]}})"),
         "tensor 'x': no 'shape', expected dtype, shape and data_offsets"},
        {"no offsets", raw_safetensors(R"({"x": {"dtype": "F32", "shape": []}})"),
         "tensor 'x': no 'data_offsets', expected dtype, shape and data_offsets"},
        {"unknown dtype", raw_safetensors(tensor_x("\"F99\"", "[2]", "[0, 8]"), eight),
         "tensor 'x': dtype \"F99\", expected one of F64, F32, F16, BF16, I64, I32, ..."},
        {"dtype is a number", raw_safetensors(tensor_x("32", "[2]", "[0, 8]"), eight),
         "tensor 'x': dtype 32, expected one of F64, ..."},
        {"negative size", raw_safetensors(tensor_x("\"F32\"", "[-2]", "[0, 8]"), eight),
         "tensor 'x': shape [-2], expected a list of non-negative integers"},
        {"fractional size", raw_safetensors(tensor_x("\"F32\"", "[2.0]", "[0, 8]"), eight),
         "tensor 'x': shape [2.0], expected a list of non-negative integers"},
        {"size beyond 64 bits", raw_safetensors(tensor_x("\"F32\"", "[18446744073709551616]", "[0, 8]"), eight),
         "tensor 'x': shape [1.8446744073709552e+19], expected a list of non-negative integers"},
        {"shape is a number", raw_safetensors(tensor_x("\"F32\"", "2", "[0, 8]"), eight),
         "tensor 'x': shape 2, expected a list of non-negative integers"},
        {"shape of text", raw_safetensors(tensor_x("\"F32\"", "[\"2\"]", "[0, 8]"), eight),
         "tensor 'x': shape [\"2\"], expected a list of non-negative integers"},
        {"9 axes", raw_safetensors(tensor_x("\"F32\"", "[1,1,1,1,1,1,1,1,2]", "[0, 8]"), eight),
         "tensor 'x': shape of 9 axes, expected at most 8"},
        {"too many elements", raw_safetensors(tensor_x("\"F32\"", "[4294967296, 4294967296]", "[0, 8]"), eight),
         "tensor 'x': shape [4294967296, 4294967296] has too many elements to count"},
        {"too many bytes", raw_safetensors(tensor_x("\"F32\"", "[4611686018427387904]", "[0, 0]")),
         "tensor 'x': shape [4611686018427387904] has too many elements to count"},
        {"one offset", raw_safetensors(tensor_x("\"F32\"", "[2]", "[8]"), eight),
         "tensor 'x': data_offsets [8], expected a pair of non-negative integers"},
        {"negative offset", raw_safetensors(tensor_x("\"F32\"", "[2]", "[-8, 0]"), eight),
         "tensor 'x': data_offsets [-8,0], expected a pair of non-negative integers"},
        {"offsets reversed", raw_safetensors(tensor_x("\"F32\"", "[2]", "[8, 0]"), eight),
         "tensor 'x': data_offsets [8, 0], expected begin <= end"},
        {"past the end", raw_safetensors(tensor_x("\"F32\"", "[3]", "[0, 12]"), eight),
         "tensor 'x': data_offsets [0, 12], expected an end within the 8 bytes of data (is the file complete?)"},
        {"huge offsets",
         raw_safetensors(tensor_x("\"F32\"", "[2]", "[18446744073709551607, 18446744073709551615]"), eight),
         "tensor 'x': data_offsets [18446744073709551607, 18446744073709551615], expected an end within the 8 "
         "bytes of data (is the file complete?)"},
        {"wrong size", raw_safetensors(tensor_x("\"F64\"", "[2]", "[0, 8]"), eight),
         "tensor 'x': 8 bytes of data, expected 16 for F64 of shape [2]"},
        {"part of a byte", raw_safetensors(tensor_x("\"F4\"", "[15]", "[0, 8]"), eight),
         "tensor 'x': 8 bytes of data, expected 7.5 for F4 of shape [15]"},
        {"overlap", raw_safetensors(two_tensors("[0, 8]", "[4, 12]"), eight + "1234"),
         "tensor 'b': begins at byte 4 of the data, expected 8: it overlaps the tensor before"},
        {"the same bytes twice", raw_safetensors(two_tensors("[0, 8]", "[0, 8]"), eight),
         "tensor '...: begins at byte 0 of the data, expected 8: it overlaps the tensor before"},
        {"hole", raw_safetensors(two_tensors("[0, 8]", "[12, 20]"), eight + eight + "1234"),
         "tensor 'b': begins at byte 12 of the data, expected 8: the bytes between belong to no tensor"},
        {"hole in front", raw_safetensors(tensor_x("\"F32\"", "[2]", "[4, 12]"), eight + "1234"),
         "tensor 'x': begins at byte 4 of the data, expected 0: the bytes between belong to no tensor"},
        {"bytes at the end", raw_safetensors(tensor_x("\"F32\"", "[2]", "[0, 8]"), eight + "1234"),
         "the last 4 bytes belong to no tensor, expected 8 bytes of data, not 12"},
        {"data without tensors", raw_safetensors("{}", eight),
         "the last 8 bytes belong to no tensor, expected 0 bytes of data, not 8"},
        {"control characters in a name", raw_safetensors(R"({"\u001b[31m\u202e": 1})"),
         "tensor '\\u001b[31m\\u202e': has type number, expected an object"},
    };
}

}  // namespace

TEST_CASE("what is written is read again", "[safetensors]") {
    const TemporaryDirectory directory;
    const std::string path = directory.file("a.safetensors");
    const std::vector<NewTensor> tensors = {
        {"half", DType::f16, {3}, {0.5, -2.0, 0.1}}, {"integers", DType::i64, {2, 2}, {1, -2, 3, 4}},
        {"scalar", DType::f64, {}, {0.1}},           {"nothing", DType::f32, {0, 5}, {}},
        {"float", DType::f32, {1, 2}, {0.1, 1e-30}},
    };
    write_safetensors(path, tensors, {{"tokens", "[\"é\", \"\\n\"]"}, {"task", ""}});
    const auto file = SafetensorsFile::open(path);
    CHECK(file->path() == path);
    CHECK(file->metadata() == std::map<std::string, std::string>{{"tokens", "[\"é\", \"\\n\"]"}, {"task", ""}});
    REQUIRE(file->tensors().size() == 5);
    CHECK(file->tensors().at("half").values() == std::vector<double>{0.5, -2.0, 0.0999755859375});
    CHECK(file->tensors().at("integers").values() == std::vector<double>{1, -2, 3, 4});
    CHECK(file->tensors().at("scalar").values() == std::vector<double>{0.1});
    CHECK(file->tensors().at("scalar").shape.empty());
    CHECK(file->tensors().at("nothing").values().empty());
    CHECK(file->tensors().at("float").values() ==
          std::vector<double>{static_cast<double>(0.1f), static_cast<double>(1e-30f)});
    CHECK(file->tensors().at("float").name == "float");

    // The order of the arguments does not matter, nothing else is left in the directory.
    std::vector<NewTensor> reversed(tensors.rbegin(), tensors.rend());
    write_safetensors(directory.file("b.safetensors"), reversed, {{"task", ""}, {"tokens", "[\"é\", \"\\n\"]"}});
    CHECK(read_bytes(path) == read_bytes(directory.file("b.safetensors")));
    const std::filesystem::directory_iterator files(directory.path());
    CHECK(std::distance(begin(files), end(files)) == 2);
}

TEST_CASE("a file without tensors is a file", "[safetensors]") {
    const TemporaryDirectory directory;
    write_bytes(directory.file("none"), raw_safetensors("{}  "));
    CHECK(SafetensorsFile::open(directory.file("none"))->tensors().empty());
}

TEST_CASE("tensors may lie in any order and unaligned", "[safetensors]") {
    const TemporaryDirectory directory;
    const std::string header = R"({"b": {"dtype": "F32", "shape": [1], "data_offsets": [1, 5]},)"
                               R"( "a": {"dtype": "U8", "shape": [1], "data_offsets": [0, 1]},)"
                               R"( "empty": {"dtype": "F32", "shape": [0], "data_offsets": [1, 1]}})";
    write_bytes(directory.file("x"), raw_safetensors(header, std::string("\0\0\0\x80\x3f", 5)));
    CHECK(SafetensorsFile::open(directory.file("x"))->tensors().at("b").values() == std::vector<double>{1.0});
}

TEST_CASE("hostile files are refused by name and reason", "[safetensors]") {
    const TemporaryDirectory directory;
    const std::string path = directory.file("hostile.safetensors");
    for (const HostileFile& file : hostile_files()) {
        INFO(file.what);
        write_bytes(path, file.bytes);
        const std::string message = message_of<InputError>([&] { SafetensorsFile::open(path); });
        std::string expected = path + ": " + file.message;
        if (const std::size_t gap = expected.find("..."); gap != std::string::npos) {
            CHECK_THAT(message, Catch::StartsWith(expected.substr(0, gap)));
            CHECK_THAT(message, Catch::EndsWith(expected.substr(gap + 3)));
        } else {
            CHECK(message == expected);
        }
    }
}

TEST_CASE("a file cut anywhere is refused", "[safetensors]") {
    const TemporaryDirectory directory;
    const std::string path = directory.file("whole.safetensors");
    write_small_dataset(path, 2, 1, {2, 1});
    const std::string whole = read_bytes(path);
    for (std::size_t length = 0; length < whole.size(); ++length) {
        INFO(length);
        write_bytes(path, whole.substr(0, length));
        const std::string message = message_of<InputError>([&] { SafetensorsFile::open(path); });
        CHECK_THAT(message, Catch::StartsWith(path + ": "));
    }
    // Any single changed byte is refused or read without harm.
    for (std::size_t at = 0; at < whole.size(); ++at) {
        std::string changed = whole;
        changed[at] = static_cast<char>(changed[at] ^ 0x11);
        write_bytes(path, changed);
        message_of<InputError>([&] {
            const auto file = SafetensorsFile::open(path);
            for (const auto& [name, tensor] : file->tensors()) {
                if (is_decodable(tensor.dtype)) tensor.values();
            }
        });
    }
}

TEST_CASE("what cannot be mapped is refused", "[safetensors]") {
    const TemporaryDirectory directory;
    const auto refusal = [](const std::string& path) {
        return message_of<InputError>([&] { SafetensorsFile::open(path); });
    };
    const std::string missing = directory.file("missing");
    CHECK(refusal(missing) == missing + ": cannot be opened: No such file or directory");
    CHECK(refusal(directory.path()) ==
          directory.path() +
              ": is a directory, expected a file: the name is that of the folder "
              "around it; name the file itself; the directory of a model goes to `--model`, "
              "that of a run to `attnflow report`");
    const std::string empty = directory.file("empty");
    write_bytes(empty, "");
    CHECK(refusal(empty) ==
          empty + ": is empty: what wrote or downloaded it stopped, or the disk was full; make it again");
    const std::string fifo = directory.file("fifo");
    REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
    CHECK(refusal(fifo) == fifo + ": is a pipe, expected a regular file");
    const std::string secret = directory.file("secret");
    write_bytes(secret, raw_safetensors("{}"));
    ::chmod(secret.c_str(), 0);
    if (::geteuid() != 0) CHECK(refusal(secret) == secret + ": cannot be opened: Permission denied");
}

TEST_CASE("the writer refuses what it cannot write", "[safetensors]") {
    const TemporaryDirectory directory;
    const auto refusal = [&](const NewTensor& tensor) {
        return message_of<ParameterError>([&] { write_safetensors(directory.file("x"), {tensor}); });
    };
    CHECK(refusal({"x", DType::f64, {2}, {1.0}}) == "tensor 'x': 1 values, expected 2 for shape [2]");
    CHECK(refusal({"x", DType::i64, {1}, {0.5}}) ==
          "tensor 'x': value 0.5 cannot be written as I64, expected an integer of at most 2^53");
    CHECK(refusal({"x", DType::i64, {1}, {std::nan("")}}) ==
          "tensor 'x': value nan cannot be written as I64, expected an integer of at most 2^53");
    CHECK(refusal({"x", DType::u8, {1}, {1.0}}) == "tensor 'x': cannot write U8, expected F64, F32, F16 or I64");
    CHECK(refusal({"__metadata__", DType::f64, {1}, {1.0}}) == "tensor '__metadata__': the name is taken");
    CHECK(refusal({"\xff", DType::f64, {1}, {1.0}}) == "tensor name '\\xff' is not UTF-8");
    const NewTensor good{"x", DType::f64, {1}, {1.0}};
    CHECK(message_of<ParameterError>([&] {
              write_safetensors(directory.file("x"), {good, good});
          }) == "tensor 'x': the name is taken");
    CHECK(message_of<ParameterError>([&] {
              write_safetensors(directory.file("x"), {}, {{"a", "\xff"}});
          }) == "metadata text '\\xff' is not UTF-8");
    const std::string nowhere = directory.file("missing/x");
    CHECK(message_of<InputError>([&] { write_safetensors(nowhere, {good}); }) ==
          directory.file("missing") + ": cannot be written: No such file or directory");
    CHECK(std::filesystem::is_empty(directory.path()));
}
