/// The examples in algorithms/README.md are the files that are built and run.

#include <catch2/catch.hpp>

#include "tests/temporary_directory.hpp"

TEST_CASE("algorithms/README.md shows the consumer program as it is", "[docs]") {
    const std::string root = ATTNFLOW_SOURCE_DIR;
    const std::string page = attnflow::testing::read_bytes(root + "/algorithms/README.md");
    for (const std::string file : {"greedy_path.hpp", "ford_fulkerson.hpp", "main.cpp", "CMakeLists.txt"}) {
        const std::string text = attnflow::testing::read_bytes(root + "/tests/consumer/" + file);
        INFO("copy tests/consumer/" << file << " into the page");
        REQUIRE(!text.empty());
        CHECK(page.find(text) != std::string::npos);
    }
}
