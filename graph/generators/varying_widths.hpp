#pragma once
/// Layers of different width, as token merging, pooling and cross-attention make them: layer
/// 0 has n vertices, every other one between 1 and n. Rows are softmax of Gaussian logits.

#include <cmath>

#include "graph/generators/network_generator.hpp"

namespace attnflow {

class VaryingWidths {
public:
    static EntryInfo describe() {
        return {.name = "varying_widths",
                .summary = "layers of 1 to n vertices, n in the input",
                .promises = {network_promise::rows_sum_to_one}};
    }

    LayeredNetwork<double> generate(const NetworkSize& size, Random& random) const {
        std::vector<std::size_t> widths{size.tokens};
        for (std::size_t l = 1; l <= size.layers; ++l) widths.push_back(1 + random.below(size.tokens));
        std::vector<double> capacities;
        capacities.reserve(LayeredNetwork<double>::slots_for(widths));
        for (std::size_t l = 1; l <= size.layers; ++l) {
            for (std::size_t i = 0; i < widths[l]; ++i) {
                const std::size_t begin = capacities.size();
                double sum = 0.0;
                for (std::size_t j = 0; j < widths[l - 1]; ++j) {
                    capacities.push_back(std::exp(2.0 * random.normal()));
                    sum += capacities.back();
                }
                for (std::size_t k = begin; k < capacities.size(); ++k) capacities[k] /= sum;
            }
        }
        return {std::move(widths), std::move(capacities)};
    }
};

}  // namespace attnflow
