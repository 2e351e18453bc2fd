#include <catch2/catch.hpp>

#include "algorithms/attribution_method.hpp"

using namespace attnflow;

TEST_CASE("column sums are those of layer 1, whatever lies above", "[column_sum]") {
    const LayeredNetwork<double> network({3, 2, 2}, {.5, .25, .25, .125, .375, .5, 1, 0, 0, 1});
    const auto result = attribution_methods().at("column_sum").make()->attribute({network, 2, {1}});
    REQUIRE(result.scores.rows() == 1);
    CHECK(result.scores(0, 0) == .625);
    CHECK(result.scores(0, 1) == .625);
    CHECK(result.scores(0, 2) == .75);
    CHECK(result.binding_cuts.empty());
}
