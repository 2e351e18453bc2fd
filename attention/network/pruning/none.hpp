#pragma once
/// Keeps every weight.

#include "attention/network/pruning/edge_pruner.hpp"

namespace attnflow {

class NoPruning {
public:
    static EntryInfo describe() {
        return {.name = "none",
                .summary = "keeps every weight",
                .complexity = "O(1)",
                .promises = {prune_promise::equivariant, prune_promise::idempotent}};
    }
    static std::vector<KnownPruning> known_prunings() { return {{3, {0.5, 0.0, 0.5}, {0.5, 0.0, 0.5}}}; }

    void prune(std::span<double>, std::size_t) const {}
};

}  // namespace attnflow
