#include <catch2/catch.hpp>

#include "algorithms/attribution_method.hpp"

using namespace attnflow;

TEST_CASE("raw attention is the row of the layer asked for", "[raw_attention]") {
    const LayeredNetwork<double> network({2, 2, 2}, {.75, .25, .5, .5, .125, .875, 1, 0});
    const auto method = attribution_methods().at("raw_attention").make();
    const auto upper = method->attribute({network, 2, {1, 0}});
    CHECK(upper.scores(0, 0) == 1.0);
    CHECK(upper.scores(1, 1) == .875);
    CHECK(method->attribute({network, 1, {0}}).scores(0, 0) == .75);
}
