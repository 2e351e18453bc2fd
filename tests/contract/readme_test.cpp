/// The examples in the docs are the files that are built and run.

#include <catch2/catch.hpp>

#include "tests/temporary_directory.hpp"

TEST_CASE("docs show the example members as they are", "[docs]") {
    const std::string root = ATTNFLOW_SOURCE_DIR;
    for (const auto& [file, page_name] :
         {std::pair<std::string, std::string>("greedy_path.hpp", "adding-a-member.md"),
          {"peak_head.hpp", "adding-a-member.md"},
          {"main.cpp", "adding-a-member.md"},
          {"CMakeLists.txt", "adding-a-member.md"},
          {"decision_flip.hpp", "model-metrics.md"}}) {
        const std::string page = attnflow::testing::read_bytes(root + "/docs/" + page_name);
        const std::string text = attnflow::testing::read_bytes(root + "/docs/members/" + file);
        INFO("copy docs/members/" << file << " into docs/" << page_name);
        REQUIRE(!text.empty());
        CHECK(page.find(text) != std::string::npos);
    }
}
