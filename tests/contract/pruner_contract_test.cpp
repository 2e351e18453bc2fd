/// Every pruner of the registry against its contract, and broken ones that the contract must notice.

#include "experiments/contracts/pruner_contract.hpp"

#include <catch2/catch.hpp>

#include "tests/contract/complaints.hpp"

using namespace attnflow;
using namespace attnflow::testing;

TEST_CASE("every pruner keeps its contract", "[contract][pruning]") {
    for (const auto& entry : edge_pruners().entries()) {
        INFO(entry.info.name);
        CHECK(complaints(PrunerContract{[&] { return entry.make(); }, entry.info, 20}) ==
              std::vector<Complaint>());
    }
}

namespace {

enum class Break { nothing, halves, counts_calls, looks_at_place, drops_more, invents, keeps_all, says_nothing };

// Drops what is below 0.05.
template <Break broken>
class BrokenPruner {
public:
    static EntryInfo describe() {
        return {.name = "broken",
                .summary = "drops small weights",
                .promises = {prune_promise::equivariant, prune_promise::idempotent}};
    }
    static std::vector<KnownPruning> known_prunings() {
        if (broken == Break::says_nothing) return {};
        return {{3, {0.04, 0.5, 0.46, 0.9, 0.1, 0.0}, {0.0, 0.5, 0.46, 0.9, 0.1, 0.0}}};
    }
    void prune(std::span<double> weights, std::size_t keys) {
        ++calls_;
        const auto largest = std::max_element(weights.begin(), weights.end());
        for (double& weight : weights) {
            if (weight < 0.05 && broken != Break::keeps_all) weight = 0.0;
        }
        if (broken == Break::halves) *largest /= 2.0;
        if (broken == Break::counts_calls && calls_ % 2 == 0) *largest = 0.0;
        if (broken == Break::looks_at_place) weights[keys - 1] = 0.0;
        if (broken == Break::drops_more) *largest = 0.0;
        if (broken == Break::invents) weights[0] += 1.0;
    }

private:
    int calls_ = 0;
};

template <Break broken>
std::vector<std::string> laws() {
    using Adapter = PrunerFamily::Adapter<BrokenPruner<broken>>;
    return laws_of(complaints(
        PrunerContract{[] { return std::make_unique<Adapter>(); }, BrokenPruner<broken>::describe(), 1}));
}

using Broken = std::vector<std::string>;

}  // namespace

TEST_CASE("a broken pruner is noticed", "[contract][pruning][mutants]") {
    CHECK(laws<Break::nothing>() == Broken());
    CHECK(laws<Break::halves>() == Broken{law::thrown});
    CHECK(has(laws<Break::counts_calls>(), law::repeatable));
    CHECK(has(laws<Break::looks_at_place>(), prune_promise::equivariant));
    CHECK(has(laws<Break::drops_more>(), prune_promise::idempotent));
    CHECK(laws<Break::invents>() == Broken{law::thrown});
    CHECK(laws<Break::keeps_all>() == Broken{law::right});
    CHECK(laws<Break::says_nothing>() == Broken{law::known});
}
