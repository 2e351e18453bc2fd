#include "graph/support/write_files.hpp"

#include <filesystem>

#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "attention/files/safetensors_writer.hpp"
#include "graph/support/error.hpp"
#include "tests/attention/make_files.hpp"

using namespace attnflow;
using namespace attnflow::testing;

TEST_CASE("files are written whole or not at all", "[files]") {
    const TemporaryDirectory folder;
    const std::filesystem::path out = folder.file("deep/er");
    write_files(out, {{"a.txt", "one"}, {"b.txt", ""}});
    CHECK(read_bytes((out / "a.txt").string()) == "one");
    CHECK(std::filesystem::file_size(out / "b.txt") == 0);
    write_files(out, {{"a.txt", "two"}});
    CHECK(read_bytes((out / "a.txt").string()) == "two");
    // The second file cannot be made: the first keeps its content and nothing else is left.
    CHECK_THROWS_AS(write_files(out, {{"a.txt", "three"}, {"missing/b.txt", "x"}}), InputError);
    CHECK(read_bytes((out / "a.txt").string()) == "two");
    CHECK(std::distance(std::filesystem::directory_iterator(out), {}) == 2);
}

TEST_CASE("a link or a pipe is not replaced by a file", "[files]") {
    const TemporaryDirectory folder;
    std::filesystem::create_symlink(folder.file("target"), folder.file("link"));
    REQUIRE(::mkfifo(folder.file("pipe").c_str(), 0600) == 0);
    for (const std::string name : {"link", "pipe"}) {
        INFO(name);
        const std::string path = folder.file(name);
        const auto before = std::filesystem::symlink_status(path).type();
        CHECK_THROWS_WITH(write_files(folder.path(), {{"other", "x"}, {name, "x"}}),
                          Catch::Contains(name + ": cannot be written: it is not a regular file"));
        CHECK_THROWS_WITH(write_safetensors(path, {}, {}), Catch::Contains("it is not a regular file"));
        CHECK_THROWS_WITH(SafetensorsWriter(path, {}, 0), Catch::Contains("it is not a regular file"));
        CHECK(std::filesystem::symlink_status(path).type() == before);
    }
    CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 2);
}
