#include "attention/files/mapped_file.hpp"

#include <fstream>
#include <sstream>

#include <catch2/catch.hpp>

#include "attention/dataset.hpp"
#include "attention/network/build_network.hpp"
#include "tests/attention/make_files.hpp"

using namespace attnflow;
using namespace attnflow::testing;

namespace {

/// Bytes of mapped files that this process holds in memory.
std::size_t resident_file_bytes() {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);) {
        if (!line.starts_with("RssFile:")) continue;
        std::istringstream number(line.substr(8));
        std::size_t kilobytes = 0;
        number >> kilobytes;
        return kilobytes * 1024;
    }
    return 0;
}

}  // namespace

TEST_CASE("a large file is read without becoming resident", "[mapped_file]") {
    constexpr std::size_t heads = 96;
    constexpr std::size_t n = 512;
    constexpr std::size_t bytes = heads * n * n * 4;  // 100 MB of zeros
    const TemporaryDirectory folder;
    const std::string path = folder.file("large.safetensors");
    write_bytes(path, raw_safetensors(
                          R"({"attentions": {"dtype": "F32", "shape": [1, 96, 512, 512], "data_offsets": [0, )" +
                          std::to_string(bytes) + "]}}"));
    std::filesystem::resize_file(path, std::filesystem::file_size(path) + bytes);
    const Example example = Dataset::open(path).example(0);
    const std::size_t before = resident_file_bytes();
    REQUIRE(before > 0);
    for (const char* heads_call : {"mean", "median", "entropy_weighted"}) {
        build_network(example.attention, {.heads = heads_call});
        CHECK(resident_file_bytes() < before + (std::size_t{48} << 20));
    }
}

TEST_CASE("pages that were given back are read again", "[mapped_file]") {
    const TemporaryDirectory folder;
    write_bytes(folder.file("f"), "some bytes");
    const auto file = MappedFile::open(folder.file("f"));
    file->note_read(std::size_t{1} << 40);
    const auto bytes = file->bytes();
    CHECK(std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()) == "some bytes");
}
