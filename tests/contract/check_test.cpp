/// Contracts of members by name, and what only all registries together can tell.

#include "experiments/contracts/check.hpp"

#include <catch2/catch.hpp>

#include "tests/message_of.hpp"

using namespace attnflow;
using namespace attnflow::testing;

TEST_CASE("a member is held to its contract by its name", "[contract][check]") {
    const auto found = check_members("rollout", "");
    REQUIRE(found.size() == 1);
    CHECK(found[0].noun == "method");
    CHECK(found[0].laws.checks() > 1000);
    CHECK(text_of(found) == fmt::format("method 'rollout': {} checks, every law holds\n", found[0].laws.checks()));
    // Two families have a member of this name.
    const auto both = check_members("none", "");
    CHECK(both.size() >= 1);
    CHECK(message_of<ParameterError>([] { check_members("rolout", ""); }) ==
          "no member is called 'rolout'; did you mean 'rollout'?");
}

TEST_CASE("a method is held to the scores of another", "[contract][check]") {
    CHECK(check_members("rollout", "rollout")[0].laws.complaints().empty());
    const std::string text = text_of(check_members("best_path", "rollout"));
    CHECK(text.find("1 law does not hold\n  scores as the reference does\n    diffuse") != std::string::npos);
    CHECK(text.find("scores 0.") != std::string::npos);
    CHECK(message_of<ParameterError>([] { check_members("dinic", "rollout"); }) ==
          "'dinic' is no method, whose scores could be like those of 'rollout'");
}

TEST_CASE("the bundled registries fit together", "[contract][check]") { CHECK_NOTHROW(check_registries()); }

TEST_CASE("every solver keeps its contract by name", "[contract][check]") {
    CHECK(text_of(check_members("dinic", "")).find("every law holds") != std::string::npos);
}
