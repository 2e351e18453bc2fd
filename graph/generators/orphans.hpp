#pragma once
/// Adversarial for Boykov-Kolmogorov: every augmentation saturates an edge at the source and
/// with it orphans a whole search tree.
///
/// The top layer has thin edges (1/n, slightly different each), all others carry 1, so that
/// the tree hanging under one vertex of layer L-1 is rebuilt under the next, n times in all.

#include "graph/generators/network_generator.hpp"

namespace attnflow {

class Orphans {
public:
    static EntryInfo describe() {
        return {.name = "orphans",
                .summary = "adversarial for Boykov-Kolmogorov: each augmentation orphans a search tree",
                .paper = "Boykov & Kolmogorov 2004, doi:10.1109/TPAMI.2004.60 (the method it strains)",
                .promises = {network_promise::equal_widths}};
    }

    LayeredNetwork<double> generate(const NetworkSize& size, Random& random) const {
        const std::size_t n = size.tokens;
        std::vector<double> capacities(size.layers * n * n, 1.0);
        for (std::size_t k = (size.layers - 1) * n * n; k < capacities.size(); ++k) {
            capacities[k] = (1.0 + random.uniform()) / static_cast<double>(2 * n);
        }
        return {std::vector<std::size_t>(size.layers + 1, n), std::move(capacities)};
    }
};

}  // namespace attnflow
