#pragma once
/// Random capacities with random zeros, rows of any sum: tokens that nothing reaches,
/// vertices without edges, all zero at density 0.

#include "graph/generators/network_generator.hpp"

namespace attnflow {

class SparseNetwork {
public:
    static EntryInfo describe() {
        return {.name = "sparse",
                .summary = "random zeros and capacities; rows have any sum, pairs may be unconnected",
                .parameters = {{.name = "density",
                                .summary = "probability that a slot is an edge",
                                .fallback = 0.3,
                                .minimum = 0.0,
                                .maximum = 1.0}},
                .promises = {network_promise::equal_widths}};
    }

    explicit SparseNetwork(const Parameters& parameters) : density_(parameters.get<double>("density")) {}

    LayeredNetwork<double> generate(const NetworkSize& size, Random& random) const {
        std::vector<double> capacities(size.layers * size.tokens * size.tokens);
        for (double& capacity : capacities) {
            const bool edge = random.uniform() < density_;
            const double value = 1.0 - random.uniform();  // in (0, 1]
            capacity = edge ? value : 0.0;
        }
        return {std::vector<std::size_t>(size.layers + 1, size.tokens), std::move(capacities)};
    }

private:
    double density_;
};

}  // namespace attnflow
