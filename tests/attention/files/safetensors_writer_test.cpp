#include "attention/files/safetensors_writer.hpp"

#include <filesystem>

#include <fcntl.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "attention/files/safetensors.hpp"
#include "graph/support/error.hpp"
#include "tests/attention/make_files.hpp"

using namespace attnflow;
using namespace attnflow::testing;

TEST_CASE("pieces written in any order make the file that was declared", "[safetensors]") {
    const TemporaryDirectory folder;
    const std::string path = folder.file("pieces.safetensors");
    {
        SafetensorsWriter writer(
            path, {{"b", DType::f32, {2, 2}}, {"a", DType::i64, {3}}, {"none", DType::f32, {0}}}, 100);
        writer.write("b", 2, std::vector<float>{3.0f, 4.0f});
        writer.write("a", 0, std::vector<std::int64_t>{-1, 1LL << 60, 7});
        writer.write("b", 0, std::vector<float>{1.0f});
        CHECK_FALSE(std::filesystem::exists(path));
        writer.finish({{"note", "later"}});
    }
    const auto file = SafetensorsFile::open(path);
    CHECK(file->metadata().at("note") == "later");
    CHECK(file->tensors().at("b").values() == std::vector<double>{1.0, 0.0, 3.0, 4.0});
    CHECK(file->tensors().at("a").values() == std::vector<double>{-1.0, 0x1p60, 7.0});
    CHECK(file->tensors().at("none").elements() == 0);
}

TEST_CASE("a finished file takes the place of an older one", "[safetensors]") {
    const TemporaryDirectory folder;
    write_bytes(folder.file("x"), "old");
    SafetensorsWriter writer(folder.file("x"), {{"a", DType::f32, {3}}}, 0);
    CHECK(read_bytes(folder.file("x")) == "old");
    writer.finish({});
    CHECK(SafetensorsFile::open(folder.file("x"))->tensors().at("a").elements() == 3);
    CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 1);
}

TEST_CASE("an unfinished file leaves nothing behind", "[safetensors]") {
    const TemporaryDirectory folder;
    {
        SafetensorsWriter writer(folder.file("x"), {{"a", DType::f32, {3}}}, 0);
        // Not even for a process that is killed now, where the file system has files without a name.
        const int unnamed = ::open(folder.path().c_str(), O_TMPFILE | O_WRONLY, 0600);
        if (unnamed >= 0) CHECK(std::filesystem::is_empty(folder.path()));
        ::close(unnamed);
    }
    CHECK(std::filesystem::is_empty(folder.path()));
    CHECK_THAT(message_of<InputError>([&] { SafetensorsWriter(folder.file("no/x"), {}, 0); }),
               Catch::Contains("cannot be written: No such file or directory"));
}

TEST_CASE("what was not declared is refused", "[safetensors]") {
    const TemporaryDirectory folder;
    SafetensorsWriter writer(folder.file("x"), {{"a", DType::f32, {3}}}, 0);
    const std::vector<float> two(2);
    CHECK_THROWS_AS(writer.write("a", 2, two), InternalError);
    CHECK_THROWS_AS(writer.write("b", 0, two), InternalError);
    CHECK_THROWS_AS(writer.write("a", 0, std::vector<std::int64_t>(1)), InternalError);
    CHECK_THROWS_AS(writer.finish({{"more", std::string(1000, 'x')}}), InternalError);
    CHECK_THROWS_AS(SafetensorsWriter(folder.file("y"), {{"a", DType::f32, {1}}, {"a", DType::f32, {1}}}, 0),
                    ParameterError);
}
