#pragma once
/// Drops every weight below a threshold, in the unit of the weights.  O(n^2).

#include "attention/network/pruning/edge_pruner.hpp"

namespace attnflow {

class WeightThreshold {
public:
    static EntryInfo describe() {
        return {.name = "threshold",
                .summary = "drops weights below a threshold",
                .complexity = "O(n^2) a layer",
                .parameters = {{.name = "least",
                                .summary = "smallest weight that is kept",
                                .fallback = 0.01,
                                .minimum = 0.0}},
                .promises = {prune_promise::equivariant, prune_promise::idempotent}};
    }
    static std::vector<KnownPruning> known_prunings() {
        return {{3, {0.5, 0.009, 0.491, 0.01, 0.99, 0.0}, {0.5, 0.0, 0.491, 0.01, 0.99, 0.0}}};
    }

    explicit WeightThreshold(const Parameters& parameters) : least_(parameters.get<double>("least")) {}

    void prune(std::span<double> weights, std::size_t) const {
        for (double& weight : weights) {
            if (weight < least_) weight = 0.0;
        }
    }

private:
    double least_;
};

}  // namespace attnflow
