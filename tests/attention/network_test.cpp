#include <catch2/catch.hpp>

#include "attention/network.hpp"

using namespace attnflow;

namespace {

// One layer, two heads, two tokens; the mean over heads is [0.5 0.5], [0.2 0.8].
AttentionStack two_heads() { return AttentionStack::from_values(1, 2, 2, {1, 0, 0.4, 0.6, 0, 1, 0, 1}); }

std::vector<double> values(const LayeredNetwork<double>& network) {
    return {network.capacities().begin(), network.capacities().end()};
}

void check_near(const std::vector<double>& actual, const std::vector<double>& expected) {
    REQUIRE(actual.size() == expected.size());
    for (std::size_t k = 0; k < actual.size(); ++k) CHECK(actual[k] == Approx(expected[k]).margin(1e-15));
}

}  // namespace

TEST_CASE("heads are averaged and the skip connection mixed in", "[network]") {
    check_near(values(build_network(two_heads(), {.skip_weight = 0.0})), {0.5, 0.5, 0.2, 0.8});
    check_near(values(build_network(two_heads(), {.skip_weight = 0.5})), {0.75, 0.25, 0.1, 0.9});
    check_near(values(build_network(two_heads(), {.skip_weight = 1.0})), {1, 0, 0, 1});
    const auto network = build_network(AttentionStack::from_values(3, 1, 2, std::vector<double>(12, 0.5)), {});
    CHECK(network.layers() == 3);
    CHECK(network.width(3) == 2);
}

TEST_CASE("rows are renormalised where the convention says", "[network]") {
    // The first row sums to 0.8, the second to 1, the third is empty.
    const auto stack = AttentionStack::from_values(1, 1, 3, {0.4, 0.4, 0, 0, 0.5, 0.5, 0, 0, 0});
    const auto with = [&](Renormalise renormalise) {
        return values(build_network(stack, {.renormalise = renormalise, .skip_weight = 0.5}));
    };
    check_near(with(Renormalise::after_heads), {0.75, 0.25, 0, 0, 0.75, 0.25, 0, 0, 0.5});
    check_near(with(Renormalise::after_skip), {0.7 / 0.9, 0.2 / 0.9, 0, 0, 0.75, 0.25, 0, 0, 1});
    check_near(with(Renormalise::never), {0.7, 0.2, 0, 0, 0.75, 0.25, 0, 0, 0.5});
}

TEST_CASE("a skip weight outside [0, 1] is refused", "[network]") {
    CHECK_THROWS_WITH(build_network(two_heads(), {.skip_weight = 1.5}),
                      "skip_weight is 1.5, expected a number in [0, 1]");
    CHECK_THROWS_AS(build_network(two_heads(), {.skip_weight = std::numeric_limits<double>::quiet_NaN()}),
                    ParameterError);
    CHECK_THROWS_WITH(build_network(two_heads(), {.heads = "maen"}),
                      "heads: no head strategy 'maen'; did you mean 'mean'?");
}
