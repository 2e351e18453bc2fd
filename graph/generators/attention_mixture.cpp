#include "graph/generators/attention_mixture.hpp"

#include <cmath>
#include <numeric>

namespace attnflow {
namespace {

void mask_and_normalise(bool causal, RowMajor<double>& weights) {
    for (std::size_t i = 0; i < weights.rows(); ++i) {
        const auto row = weights.row(i);
        if (causal) std::fill(row.begin() + static_cast<std::ptrdiff_t>(i) + 1, row.end(), 0.0);
        const double sum = std::accumulate(row.begin(), row.end(), 0.0);
        if (sum > 0.0) {
            for (double& weight : row) weight /= sum;
        } else {
            row[i] = 1.0;
        }
    }
}

}  // namespace

std::vector<ParameterSpec> AttentionMixture::parameters() const {
    return {{.name = "heads",
             .summary = "attention heads whose mean is taken",
             .fallback = heads,
             .minimum = 1,
             .maximum = 1024},
            {.name = "skip_weight",
             .summary = "share w of the skip connection in A = w I + (1-w) W",
             .fallback = skip_weight,
             .minimum = 0.0,
             .maximum = 1.0},
            {.name = "causal", .summary = "no weight on later positions", .fallback = causal}};
}

AttentionMixture AttentionMixture::from(const Parameters& parameters) {
    return {parameters.get<std::int64_t>("heads"), parameters.get<double>("skip_weight"),
            parameters.get<bool>("causal")};
}

LayeredNetwork<double> AttentionMixture::network(const NetworkSize& size, const DrawHead& draw_head) const {
    const std::size_t n = size.tokens;
    std::vector<double> capacities(size.layers * n * n, 0.0);
    RowMajor<double> head(n, n);
    for (std::size_t l = 1; l <= size.layers; ++l) {
        double* const layer = capacities.data() + (l - 1) * n * n;
        for (std::int64_t h = 0; h < heads; ++h) {
            std::fill(head.values().begin(), head.values().end(), 0.0);
            draw_head(l, head);
            mask_and_normalise(causal, head);
            for (std::size_t k = 0; k < n * n; ++k) layer[k] += head.values()[k];
        }
        for (std::size_t k = 0; k < n * n; ++k) layer[k] *= (1.0 - skip_weight) / static_cast<double>(heads);
        for (std::size_t i = 0; i < n; ++i) layer[i * n + i] += skip_weight;
    }
    return {std::vector<std::size_t>(size.layers + 1, n), std::move(capacities)};
}

std::vector<ParameterSpec> with_mixture(std::vector<ParameterSpec> specs, const AttentionMixture& fallbacks) {
    for (ParameterSpec& spec : fallbacks.parameters()) specs.push_back(std::move(spec));
    return specs;
}

void draw_gaussian_logits(double scale, Random& random, RowMajor<double>& weights) {
    for (double& weight : weights.values()) weight = std::exp(scale * random.normal());
}

}  // namespace attnflow
