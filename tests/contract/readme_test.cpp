/// The examples in the READMEs are the files that are built and run.

#include <catch2/catch.hpp>

#include "tests/temporary_directory.hpp"

TEST_CASE("READMEs show the consumer program as it is", "[docs]") {
    const std::string root = ATTNFLOW_SOURCE_DIR;
    const std::string methods = "/algorithms/README.md";
    const std::string axes = "/experiments/study/axes/README.md";
    for (const auto& [file, readme] : {std::pair<std::string, std::string>("greedy_path.hpp", methods),
                                       {"ford_fulkerson.hpp", methods},
                                       {"main.cpp", methods},
                                       {"CMakeLists.txt", methods},
                                       {"sharpness_axis.hpp", axes}}) {
        const std::string page = attnflow::testing::read_bytes(root + readme);
        const std::string text = attnflow::testing::read_bytes(root + "/tests/consumer/" + file);
        INFO("copy tests/consumer/" << file << " into " << readme);
        REQUIRE(!text.empty());
        CHECK(page.find(text) != std::string::npos);
    }
}
