#pragma once
/// Adversarial for Edmonds-Karp: wide ends, thin inner edges, so that a maximum flow is a sum
/// of about n^2 paths and each augmentation saturates one edge.
///
/// Layers 1 and L carry capacity 1 everywhere; a slot of the layers between u/n, u uniform
/// in (0, 1]. With n^2 augmentations of O(L n^2) each the search is O(L n^4).

#include "graph/generators/network_generator.hpp"

namespace attnflow {

class ManyPaths {
public:
    static EntryInfo describe() {
        return {.name = "many_paths",
                .summary = "adversarial for Edmonds-Karp: thin inner edges, n^2 augmentations",
                .paper = "Edmonds & Karp 1972, doi:10.1145/321694.321699 (the bound it approaches)",
                .promises = {network_promise::equal_widths}};
    }

    LayeredNetwork<double> generate(const NetworkSize& size, Random& random) const {
        const std::size_t n = size.tokens;
        std::vector<double> capacities(size.layers * n * n, 1.0);
        for (std::size_t l = 2; l < size.layers; ++l) {
            for (std::size_t k = (l - 1) * n * n; k < l * n * n; ++k) {
                capacities[k] = (1.0 - random.uniform()) / static_cast<double>(n);
            }
        }
        return {std::vector<std::size_t>(size.layers + 1, n), std::move(capacities)};
    }
};

}  // namespace attnflow
