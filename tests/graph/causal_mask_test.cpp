#include "graph/causal_mask.hpp"

#include <catch2/catch.hpp>

using namespace attnflow;

TEST_CASE("a causal network has no edge to a later position", "[causal_mask]") {
    CHECK(is_causal(FixedNetwork({2, 2, 2}, {1, 0, 1, 1, 0, 0, 2, 0})));
    CHECK_FALSE(is_causal(FixedNetwork({2, 2, 2}, {1, 0, 1, 1, 1, 1, 1, 1})));
    CHECK_FALSE(is_causal(FixedNetwork({3, 2}, {1, 0, 0, 1, 1, 0})));  // a mask needs layers of one width
    CHECK(is_causal(LayeredNetwork<double>({1, 1}, {0.5})));
}
