/// Pruners on values small enough to check by hand, and what every one of them promises.

#include <algorithm>
#include <cmath>

#include <catch2/catch.hpp>

#include "attention/network/pruning/edge_pruner.hpp"
#include "graph/support/random.hpp"
#include "tests/exponential.hpp"

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

namespace {

bool promises(const EntryInfo& info, const char* name) {
    return std::find(info.promises.begin(), info.promises.end(), name) != info.promises.end();
}

/// Complaints about a pruner on seeded weights, rows x keys, no two equal.
std::vector<std::string> complaints(PrunerFamily::Interface& pruner, const EntryInfo& info, std::size_t n,
                                    std::uint64_t seed) {
    std::vector<std::string> found;
    const auto require = [&](bool holds, const std::string& law) {
        if (!holds && std::find(found.begin(), found.end(), law) == found.end()) found.push_back(law);
    };
    Random random(seed);
    Weights weights(n * n);
    for (double& weight : weights) weight = attnflow::testing::exponential(random) / static_cast<double>(n);
    const Weights once = pruned(pruner, weights, n);
    for (std::size_t k = 0; k < weights.size(); ++k) {
        require(once[k] == weights[k] || once[k] == 0.0, "a weight is kept or dropped");
    }
    require(pruned(pruner, weights, n) == once, "the same when asked twice");
    require(pruned(pruner, Weights(n * n, 0.0), n) == Weights(n * n, 0.0), "zeros stay zeros");
    if (promises(info, prune_promise::idempotent)) {
        require(pruned(pruner, once, n) == once, prune_promise::idempotent);
    }
    if (promises(info, prune_promise::equivariant)) {
        const auto renamed = [&](std::size_t k) { return (k / n + 1) % n * n + (k % n + 1) % n; };
        Weights moved(weights.size());
        for (std::size_t k = 0; k < weights.size(); ++k) moved[renamed(k)] = weights[k];
        pruner.prune(moved, n);
        bool equal = true;
        for (std::size_t k = 0; k < weights.size(); ++k) equal = equal && moved[renamed(k)] == once[k];
        require(equal, prune_promise::equivariant);
    }
    return found;
}

}  // namespace

TEST_CASE("every pruner keeps its promises", "[contract][pruning]") {
    for (const auto& entry : edge_pruners().entries()) {
        const auto pruner = entry.make();
        for (const std::size_t n : {1, 2, 7, 20}) {
            for (std::uint64_t seed = 1; seed <= 20; ++seed) {
                INFO(entry.info.name << ", n " << n << ", seed " << seed);
                CHECK(complaints(*pruner, entry.info, n, seed) == std::vector<std::string>());
            }
        }
    }
}

namespace {

enum class Break { nothing, halves, counts_calls, looks_at_place, drops_more, invents };

template <Break broken>
class BrokenPruner {
public:
    static EntryInfo describe() {
        return {
            .name = "broken", .summary = "", .promises = {prune_promise::equivariant, prune_promise::idempotent}};
    }
    void prune(std::span<double> weights, std::size_t keys) {
        ++calls_;
        const auto largest = std::max_element(weights.begin(), weights.end());
        for (double& weight : weights) {
            if (weight < 0.05) weight = 0.0;
        }
        if (broken == Break::halves) *largest /= 2.0;
        if (broken == Break::counts_calls && calls_ % 2 == 0) *largest = 0.0;
        if (broken == Break::looks_at_place) weights[keys - 1] = 0.0;
        if (broken == Break::drops_more) *largest = 0.0;
        if (broken == Break::invents && *largest == 0.0) *largest = 1.0;
    }

private:
    int calls_ = 0;
};

template <Break broken>
bool is_caught() {
    PrunerFamily::Adapter<BrokenPruner<broken>> pruner;
    return !complaints(pruner, BrokenPruner<broken>::describe(), 7, 1).empty();
}

}  // namespace

TEST_CASE("a broken pruner is caught", "[contract][pruning]") {
    CHECK_FALSE(is_caught<Break::nothing>());
    CHECK(is_caught<Break::halves>());
    CHECK(is_caught<Break::counts_calls>());
    CHECK(is_caught<Break::looks_at_place>());
    CHECK(is_caught<Break::drops_more>());
    CHECK(is_caught<Break::invents>());
}
