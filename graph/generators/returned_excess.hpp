#pragma once
/// Adversarial for push-relabel: nearly everything that leaves the source has to come back.
///
/// Layers 2..L have capacities in [1/2, 1], layer 1 only `outlet` of that. A preflow fills
/// the layers with excess that cannot leave, and relabels its vertices until it is returned.
///
/// Goldberg & Tarjan, "A New Approach to the Maximum-Flow Problem", J. ACM 35(4), 1988,
/// doi:10.1145/48014.61051

#include "graph/generators/network_generator.hpp"

namespace attnflow {

class ReturnedExcess {
public:
    static EntryInfo describe() {
        return {.name = "returned_excess",
                .summary = "adversarial for push-relabel: wide above, hardly any way out below",
                .paper = "Goldberg & Tarjan 1988, doi:10.1145/48014.61051 (the method it strains)",
                .parameters = {{.name = "outlet",
                                .summary = "capacity of layer 1 relative to the layers above",
                                .fallback = 1e-3,
                                .minimum = 0.0,
                                .maximum = 1.0}},
                .promises = {network_promise::equal_widths}};
    }

    explicit ReturnedExcess(const Parameters& parameters) : outlet_(parameters.get<double>("outlet")) {}

    LayeredNetwork<double> generate(const NetworkSize& size, Random& random) const {
        const std::size_t matrix = size.tokens * size.tokens;
        std::vector<double> capacities(size.layers * matrix);
        for (std::size_t k = 0; k < capacities.size(); ++k) {
            const double value = 0.5 + 0.5 * random.uniform();
            capacities[k] = k < matrix ? outlet_ * value : value;
        }
        return {std::vector<std::size_t>(size.layers + 1, size.tokens), std::move(capacities)};
    }

private:
    double outlet_;
};

}  // namespace attnflow
