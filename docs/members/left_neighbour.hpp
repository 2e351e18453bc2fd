#pragma once
/// Left neighbour: every position attends to itself and to the one before it, with a share that is drawn.

#include "graph/generators/network_generator.hpp"

class LeftNeighbour {
public:
    static attnflow::EntryInfo describe() {
        using namespace attnflow;
        return {.name = "left_neighbour",
                .summary = "every position attends to itself and the one before it",
                .promises = {network_promise::rows_sum_to_one, network_promise::equal_widths}};
    }

    attnflow::LayeredNetwork<double> generate(const attnflow::NetworkSize& size, attnflow::Random& random) const {
        const std::size_t n = size.tokens;
        std::vector<double> capacities(size.layers * n * n, 0.0);
        for (std::size_t row = 0; row < size.layers * n; ++row) {
            const std::size_t i = row % n;
            const double share = i == 0 ? 0.0 : random.uniform();
            if (i > 0) capacities[row * n + i - 1] = share;
            capacities[row * n + i] = 1.0 - share;
        }
        return {std::vector<std::size_t>(size.layers + 1, n), std::move(capacities)};
    }
};
