#include <catch2/catch.hpp>

#include "attention/network/build_network.hpp"

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

TEST_CASE("each layer can have a skip weight of its own", "[network]") {
    const auto stack = AttentionStack::from_values(2, 1, 2, {0, 1, 0, 1, 0, 1, 0, 1});
    check_near(values(build_network(stack, {.layer_skip_weights = {0.0, 0.25}})), {0, 1, 0, 1, 0.25, 0.75, 0, 1});
    CHECK_THROWS_WITH(build_network(stack, {.layer_skip_weights = {0.5}}),
                      "skip_weight: 1 weights for the layers, expected 2, one for each");
    CHECK_THROWS_AS(build_network(stack, {.layer_skip_weights = {0.5, -0.5}}), ParameterError);
}

TEST_CASE("pruned mass is shared out where rows are renormalised, and counted", "[network]") {
    const auto stack = AttentionStack::from_values(1, 1, 2, {0.8, 0.2, 0.4, 0.6});
    PruningLoss loss;
    check_near(values(build_network(stack, {.pruning = "top_k_per_row(1)", .skip_weight = 0.0}, &loss)),
               {1, 0, 0, 1});
    CHECK(loss.dropped == Approx(0.6));
    CHECK(loss.total == Approx(2.0));
    CHECK(loss.share() == Approx(0.3));
    CHECK(loss.edges == 2);
    check_near(values(build_network(
                   stack, {.pruning = "top_k_per_row(1)", .renormalise = Renormalise::never, .skip_weight = 0.0})),
               {0.8, 0, 0, 0.6});
    build_network(stack, {}, &loss);
    CHECK(loss.share() == 0.0);
    CHECK(loss.edges == 0);
}

TEST_CASE("nothing attends to a dropped key, its lane stays", "[network]") {
    const auto stack = AttentionStack::from_values(1, 1, 3, {0.5, 0.25, 0.25, 1, 0, 0, 0.5, 0.5, 0});
    check_near(values(build_network(stack, {.dropped_keys = {0}, .skip_weight = 0.5})),
               {0.5, 0.25, 0.25, 0, 0.5, 0, 0, 0.5, 0.5});
}

TEST_CASE("receptive fields by hand", "[network]") {
    const auto causal = AttentionStack::from_values(1, 1, 3, {1, 0, 0, 0.5, 0.5, 0, 0.6, 0.2, 0.2});
    const auto with = [&](ReceptiveField field, Renormalise renormalise) {
        return values(
            build_network(causal, {.receptive_field = field, .renormalise = renormalise, .skip_weight = 0.0}));
    };
    // Columns are seen by 3, 2 and 1 positions.
    check_near(with(ReceptiveField::column_count, Renormalise::never),
               {1.0 / 3, 0, 0, 0.5 / 3, 0.25, 0, 0.2, 0.1, 0.2});
    check_near(with(ReceptiveField::column_count, Renormalise::after_heads),
               {1, 0, 0, 0.4, 0.6, 0, 0.4, 0.2, 0.4});
    // Rows see 1, 2 and 3 keys; the total stays 3.
    check_near(with(ReceptiveField::row_count, Renormalise::after_heads), {0.5, 0, 0, 0.5, 0.5, 0, 0.9, 0.3, 0.3});
    check_near(with(ReceptiveField::minus_uniform, Renormalise::after_heads),
               with(ReceptiveField::none, Renormalise::after_heads));
    // Uniform attention becomes the same weight everywhere it can look.
    const auto flat = build_network(uniform_causal_attention(1, 3),
                                    {.receptive_field = ReceptiveField::row_count, .skip_weight = 0.0});
    check_near(values(flat), {0.5, 0, 0, 0.5, 0.5, 0, 0.5, 0.5, 0.5});

    for (const auto field :
         {ReceptiveField::column_count, ReceptiveField::row_count, ReceptiveField::minus_uniform}) {
        CHECK_THROWS_WITH(build_network(two_heads(), {.receptive_field = field}),
                          "receptive_field: layer 1 attends from position 0 to the later 1, expected causal "
                          "attention (none for other kinds)");
    }
}

TEST_CASE("weights that are no weights are refused before they are pruned", "[network]") {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    CHECK_THROWS_WITH(
        build_network(AttentionStack::from_values(1, 1, 2, {1, 0, 0.5, nan}), {.pruning = "discard_ratio(0.5)"}),
        "attention: layer 1, row 1, column 1: weight nan, expected a finite number >= 0");
    CHECK_THROWS_AS(build_network(AttentionStack::from_values(1, 1, 1, {-1.0}), {}), InputError);
}

TEST_CASE("late strategies make no network", "[network]") {
    CHECK_THROWS_WITH(build_network(two_heads(), {.heads = "late"}),
                      "heads: late combines the scores of several networks, expected a strategy that makes one");
}

TEST_CASE("followed heads are alone in the layer of the source", "[network]") {
    const auto stack = AttentionStack::from_values(2, 2, 1, {0.2, 0.4, 0.6, 0.8});
    const auto with = [&](std::size_t source_layer) {
        return values(build_network(stack, {.heads = "followed(1)",
                                            .renormalise = Renormalise::never,
                                            .skip_weight = 0.0,
                                            .source_layer = source_layer}));
    };
    check_near(with(1), {0.4, 0.7});
    check_near(with(2), {0.3, 0.8});
    check_near(with(0), with(2));
}
