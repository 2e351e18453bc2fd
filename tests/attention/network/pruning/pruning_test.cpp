/// Pruners on values small enough to check by hand; tests/contract has what every one of them promises.

#include <catch2/catch.hpp>

#include "attention/network/pruning/edge_pruner.hpp"

using namespace attnflow;

namespace {

using Weights = std::vector<double>;

Weights pruned(PrunerFamily::Interface& pruner, Weights weights, std::size_t keys) {
    pruner.prune(weights, keys);
    return weights;
}

Weights pruned(const std::string& call, const Weights& weights, std::size_t keys) {
    return pruned(*edge_pruners().make(call, "test"), weights, keys);
}

const Weights three{0.5, 0.3, 0.2, 0.1, 0.1, 0.8, 0.4, 0.25, 0.35};

}  // namespace

TEST_CASE("pruners by hand", "[pruning]") {
    CHECK(pruned("none", three, 3) == three);
    CHECK(pruned("top_k_per_row(1)", three, 3) == Weights{0.5, 0, 0, 0, 0, 0.8, 0.4, 0, 0});
    CHECK(pruned("top_k_per_row(2)", three, 3) == Weights{0.5, 0.3, 0, 0.1, 0, 0.8, 0.4, 0, 0.35});
    CHECK(pruned("top_k_per_row(3)", three, 3) == three);
    CHECK(pruned("threshold(0.25)", three, 3) == Weights{0.5, 0.3, 0, 0, 0, 0.8, 0.4, 0.25, 0.35});
    // floor(0.5 * 9) = 4 weights: both 0.1, 0.2 and 0.25.
    CHECK(pruned("discard_ratio(0.5)", three, 3) == Weights{0.5, 0.3, 0, 0, 0, 0.8, 0.4, 0, 0.35});
    CHECK(pruned("discard_ratio(0)", three, 3) == three);
    CHECK(pruned("discard_ratio(1)", three, 3) == Weights(9, 0.0));
    CHECK(pruned("discard_ratio(1, keep_first=true)", three, 3) == Weights{0.5, 0, 0, 0, 0, 0, 0, 0, 0});
    // Rows of another length than the layer is high.
    CHECK(pruned("top_k_per_row(1)", {1, 2, 3, 4, 6, 5}, 2) == Weights{0, 2, 0, 4, 6, 0});
}
