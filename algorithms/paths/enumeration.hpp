#pragma once
/// Every path of a small network, one after the other: what a method's definition speaks of, without any algebra.
/// Contracts compare methods with it.

#include <span>
#include <vector>

#include "graph/layered_network.hpp"

namespace attnflow {

/// Calls visit(weights, token) for every path of positive capacities from (layer, source) down to the input, with
/// the weights from the source down.  O(paths · layer): as many as the product of the widths below.
template <class Visit>
void for_each_path(const LayeredNetwork<double>& network, std::size_t layer, std::size_t source, Visit visit) {
    std::vector<double> weights(layer);
    const auto descend = [&](const auto& self, std::size_t l, std::size_t position) -> void {
        if (l == 0) {
            visit(std::span<const double>(weights), position);
            return;
        }
        for (std::size_t below = 0; below < network.width(l - 1); ++below) {
            const double weight = network.capacity(l, position, below);
            if (!(weight > 0.0)) continue;
            weights[layer - l] = weight;
            self(self, l - 1, below);
        }
    };
    descend(descend, layer, source);
}

}  // namespace attnflow
