#pragma once
/// Windowed attention: nothing beyond a distance, so that most slots are no edges and far
/// tokens are reached only through many layers, or not at all.

#include "graph/generators/attention_mixture.hpp"

namespace attnflow {

class BandedAttention {
public:
    static EntryInfo describe() {
        return {.name = "banded",
                .summary = "windowed attention, zero beyond a distance",
                .paper = "sliding windows: Beltagy et al. 2020, arXiv:2004.05150",
                .parameters = with_mixture({{.name = "reach",
                                             .summary = "largest distance of a key that is attended to",
                                             .fallback = std::int64_t{2},
                                             .minimum = 0,
                                             .maximum = 1e6}}),
                .promises = {network_promise::rows_sum_to_one, network_promise::equal_widths}};
    }

    explicit BandedAttention(const Parameters& parameters)
        : mixture_(AttentionMixture::from(parameters)),
          reach_(static_cast<std::size_t>(parameters.get<std::int64_t>("reach"))) {}

    LayeredNetwork<double> generate(const NetworkSize& size, Random& random) const {
        return mixture_.network(size, [&](std::size_t, RowMajor<double>& weights) {
            draw_gaussian_logits(1.0, random, weights);
            for (std::size_t i = 0; i < weights.rows(); ++i) {
                for (std::size_t j = 0; j < weights.columns(); ++j) {
                    if ((i > j ? i - j : j - i) > reach_) weights(i, j) = 0.0;
                }
            }
        });
    }

private:
    AttentionMixture mixture_;
    std::size_t reach_;
};

}  // namespace attnflow
