/// The examples in the docs are the files that are built and run.

#include <catch2/catch.hpp>

#include "tests/temporary_directory.hpp"

TEST_CASE("docs show the example members as they are", "[docs]") {
    const std::string root = ATTNFLOW_SOURCE_DIR;
    const std::string page = attnflow::testing::read_bytes(root + "/docs/adding-a-member.md");
    for (const char* file : {"greedy_path.hpp", "peak_head.hpp", "main.cpp", "CMakeLists.txt"}) {
        const std::string text = attnflow::testing::read_bytes(root + "/docs/members/" + std::string(file));
        INFO("copy docs/members/" << file << " into docs/adding-a-member.md");
        REQUIRE(!text.empty());
        CHECK(page.find(text) != std::string::npos);
    }
}
