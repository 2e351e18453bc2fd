#include <fstream>
#include <sstream>

#include <catch2/catch.hpp>

#include "algorithms/attribution_method.hpp"
#include "experiments/catalogue.hpp"
#include "experiments/study/axis.hpp"

using namespace attnflow;

TEST_CASE("docs/reference.md is what the registries say", "[catalogue]") {
    std::ifstream file(ATTNFLOW_SOURCE_DIR "/docs/reference.md", std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    INFO("stale: run `attnflow list --format markdown > docs/reference.md`");
    CHECK(text.str() == catalogue_markdown());
}

TEST_CASE("every registered name and axis can be described", "[catalogue]") {
    for (const auto& entry : attribution_methods().entries()) {
        INFO(entry.info.name);
        CHECK(catalogue_text().find("  " + entry.info.name + " ") != std::string::npos);
        const std::string text = describe_name(entry.info.name);
        CHECK(text.find(entry.info.summary) != std::string::npos);
        for (const ParameterSpec& spec : entry.info.parameters) {
            CHECK(text.find("parameter " + spec.name + ":") != std::string::npos);
        }
    }
    for (const AxisInfo& axis : axes()) CHECK(describe_name(axis.name).find(axis.summary) != std::string::npos);
    CHECK(describe_name("config").find("dataset.path") != std::string::npos);
    CHECK_THROWS_WITH(describe_name("rolout"), "nothing is called 'rolout'; did you mean 'rollout'?");
}
