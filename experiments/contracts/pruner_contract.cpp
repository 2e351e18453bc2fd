#include "experiments/contracts/pruner_contract.hpp"

#include "graph/support/random.hpp"

namespace attnflow {
namespace {

using Weights = std::vector<double>;

Weights pruned(PrunerFamily::Interface& pruner, Weights weights, std::size_t keys) {
    pruner.prune(weights, keys);
    return weights;
}

void check_known(PrunerFamily::Interface& pruner, Laws& laws) {
    laws.at("known answers");
    const auto known = pruner.known_prunings();
    laws.require(!known.empty(), law::known);
    for (const KnownPruning& answer : known) {
        const Weights left = pruned(pruner, answer.weights, answer.keys);
        laws.require(left == answer.pruned, law::right, [&] {
            return fmt::format("{}, expected {}", fmt::join(left, " "), fmt::join(answer.pruned, " "));
        });
    }
}

void check_size(const PrunerContract& contract, PrunerFamily::Interface& pruner, std::size_t n, std::uint64_t seed,
                Laws& laws) {
    laws.at(fmt::format("{} queries and keys, seed {}", n, seed));
    Random random(seed);
    Weights weights(n * n);
    for (double& weight : weights) weight = -std::log(1.0 - random.uniform()) / static_cast<double>(n);
    const Weights once = pruned(pruner, weights, n);
    laws.require(pruned(pruner, weights, n) == once, law::repeatable);
    laws.require(pruned(*contract.make(), weights, n) == once, law::fresh);
    if (promises(contract.info, prune_promise::idempotent))
        laws.require(pruned(pruner, once, n) == once, prune_promise::idempotent);
    if (promises(contract.info, prune_promise::equivariant)) {
        const auto renamed = [&](std::size_t k) { return (k / n + 1) % n * n + (k % n + 1) % n; };
        Weights moved(weights.size());
        for (std::size_t k = 0; k < weights.size(); ++k) moved[renamed(k)] = weights[k];
        pruner.prune(moved, n);
        for (std::size_t k = 0; k < weights.size(); ++k)
            laws.require(moved[renamed(k)] == once[k], prune_promise::equivariant);
    }
}

}  // namespace

void PrunerContract::check(Laws& laws) const {
    answers(laws, [&] {
        const auto pruner = make();
        check_known(*pruner, laws);
        for (const std::size_t n : {1, 2, 7, 20}) {
            for (std::uint64_t seed = 1; seed <= seeds; ++seed) check_size(*this, *pruner, n, seed, laws);
        }
    });
}

}  // namespace attnflow
