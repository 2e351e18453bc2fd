/// The committed inputs of the fuzz targets, run in every build: seeds, and whatever once broke
/// something.

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <catch2/catch.hpp>

#include "tests/fuzz/targets.hpp"

using namespace attnflow;

TEST_CASE("the corpus of every fuzz target is read or refused", "[fuzz]") {
    const std::filesystem::path corpus = std::filesystem::path(ATTNFLOW_SOURCE_DIR) / "tests/fuzz/corpus";
    for (const fuzz::Target& target : fuzz::targets) {
        std::size_t inputs = 0;
        for (const auto& entry : std::filesystem::directory_iterator(corpus / target.name)) {
            std::ifstream file(entry.path(), std::ios::binary);
            const std::string bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
            INFO(entry.path().string());
            CHECK_NOTHROW(target.run(std::as_bytes(std::span(bytes))));
            // Cut in half, too: what no writer makes.
            CHECK_NOTHROW(target.run(std::as_bytes(std::span(bytes).first(bytes.size() / 2))));
            ++inputs;
        }
        INFO(target.name);
        CHECK(inputs >= 5);
    }
}
