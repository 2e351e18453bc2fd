#pragma once
/// Seeded layered networks for the engine's tests: attention-like ones and awkward ones.

#include <algorithm>
#include <cmath>

#include "graph/layered_network.hpp"
#include "graph/quantiser.hpp"
#include "graph/support/random.hpp"

namespace attnflow {

/// Row-stochastic attention of n tokens: w I + (1 - w) softmax, columns of uneven popularity.
struct AttentionShape {
    std::size_t tokens = 8;
    std::size_t layers = 6;
    double skip = 0.5;
    double sigma = 1.0;      ///< unevenness of key popularity
    double sharpness = 1.0;  ///< standard deviation of logits
    bool causal = false;
    int bits = 30;
};

inline FixedNetwork attention_network(const AttentionShape& shape, std::uint64_t seed) {
    Random random(seed);
    const std::size_t n = shape.tokens;
    std::vector<double> shared(n);
    for (double& x : shared) x = 0.86 * shape.sigma * random.normal();
    std::vector<double> capacities;
    for (std::size_t l = 0; l < shape.layers; ++l) {
        std::vector<double> popularity(n);
        for (std::size_t j = 0; j < n; ++j)
            popularity[j] = 0.5 * (shared[j] + 0.86 * shape.sigma * random.normal());
        for (std::size_t i = 0; i < n; ++i) {
            std::vector<double> row(n, 0.0);
            double sum = 0.0;
            for (std::size_t j = 0; j < (shape.causal ? i + 1 : n); ++j) {
                row[j] = std::exp(popularity[j] + shape.sharpness * random.normal());
                sum += row[j];
            }
            for (std::size_t j = 0; j < n; ++j) {
                capacities.push_back((1.0 - shape.skip) * row[j] / sum + (i == j ? shape.skip : 0.0));
            }
        }
    }
    return Quantiser(shape.bits)(
               LayeredNetwork<double>(std::vector<std::size_t>(shape.layers + 1, n), std::move(capacities)))
        .network;
}

/// Anything goes: widths that differ, one token, one layer, ties, equal and zero capacities,
/// empty rows, huge capacities, disconnected halves. `largest` bounds a capacity.
inline FixedNetwork awkward_network(std::uint64_t seed, std::size_t most_layers = 6, std::size_t most_tokens = 7) {
    Random random(seed);
    const std::size_t layers = 1 + random.below(most_layers);
    std::vector<std::size_t> widths(layers + 1, 1 + random.below(most_tokens));
    if (random.below(2) == 0) {
        for (std::size_t& w : widths) w = 1 + random.below(most_tokens);
    }
    const std::int64_t ranges[] = {1, 2, 5, 100, (std::int64_t{1} << 30) - 1, std::int64_t{1} << 40};
    const std::int64_t range = ranges[random.below(6)];
    const double density = random.below(3) == 0 ? 1.0 : 0.2 + 0.8 * random.uniform();
    const bool causal = random.below(5) == 0;
    std::vector<std::int64_t> capacities;
    for (std::size_t l = 1; l <= layers; ++l) {
        for (std::size_t i = 0; i < widths[l]; ++i) {
            const bool empty = random.below(12) == 0;
            for (std::size_t j = 0; j < widths[l - 1]; ++j) {
                const bool edge = !empty && random.uniform() < density && !(causal && j > i);
                capacities.push_back(
                    edge ? 1 + static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(range))) : 0);
            }
        }
    }
    return FixedNetwork(widths, std::move(capacities));
}

/// Rows that sum to exactly 2^30 over few capacities that are very unlike; some columns take nearly everything, so
/// that their sums are far above 32 bits.
inline FixedNetwork brimful_network(std::uint64_t seed, std::size_t most_layers = 6,
                                    std::size_t most_tokens = 16) {
    Random random(seed);
    const std::size_t layers = 1 + random.below(most_layers);
    std::vector<std::size_t> widths(layers + 1, 1 + random.below(most_tokens));
    if (random.below(3) == 0) {
        for (std::size_t& w : widths) w = 1 + random.below(most_tokens);
    }
    constexpr std::int64_t total = std::int64_t{1} << 30;
    const std::int64_t choices[] = {1, 7, total / 9, total / 2, total};
    const double density = 0.15 + 0.85 * random.uniform();
    std::vector<std::int64_t> capacities;
    for (std::size_t l = 1; l <= layers; ++l) {
        const std::size_t popular = random.below(widths[l - 1]);
        const bool has_popular = random.below(2) == 0;
        for (std::size_t i = 0; i < widths[l]; ++i) {
            std::vector<std::int64_t> row(widths[l - 1], 0);
            std::int64_t left = total;
            for (std::size_t j = 0; j < row.size(); ++j) {
                if (random.uniform() >= density) continue;
                row[j] = std::min(left, choices[random.below(5)]);
                left -= row[j];
            }
            const bool empty = random.below(12) == 0;
            row[has_popular ? popular : random.below(row.size())] += left;
            if (empty) std::fill(row.begin(), row.end(), 0);
            capacities.insert(capacities.end(), row.begin(), row.end());
        }
    }
    return FixedNetwork(widths, std::move(capacities));
}

}  // namespace attnflow
