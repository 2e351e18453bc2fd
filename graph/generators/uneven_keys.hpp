#pragma once
/// Uneven key popularity: some keys are attended to by everybody, others hardly at all.
///
/// Heads of four kinds, drawn at random: local (weight falls with the distance), offset (a
/// fixed distance away), sink (half of the row on position 0) and random (Gaussian logits).
/// Every head's weights are multiplied by the popularity of the key,
///
///   popularity_l(j) = exp(0.86 sigma (sqrt(s) z(j) + sqrt(1-s) z_l(j))),  z standard normal,
///
/// log-normal, with a part s of its variance shared by all layers. sigma = 0 is even; from
/// 2 on many flows are bound by cuts that are neither row nor column sums, which is where
/// solvers have to work.

#include <cmath>

#include "graph/generators/attention_mixture.hpp"

namespace attnflow {

class UnevenKeys {
public:
    static EntryInfo describe() { return describe({}); }

    static EntryInfo describe(const AttentionMixture& fallbacks) {
        return {
            .name = "uneven_keys",
            .summary = "local, offset, sink and random heads over keys of log-normal popularity",
            .parameters = with_mixture({{.name = "sigma",
                                         .summary = "spread of key popularity; its log-deviation is 0.86 sigma",
                                         .fallback = 1.0,
                                         .minimum = 0.0,
                                         .maximum = 10.0},
                                        {.name = "shared",
                                         .summary = "part of the popularity's variance shared by all layers",
                                         .fallback = 0.5,
                                         .minimum = 0.0,
                                         .maximum = 1.0}},
                                       fallbacks),
            .promises = {network_promise::rows_sum_to_one, network_promise::equal_widths}};
    }

    explicit UnevenKeys(const Parameters& parameters)
        : mixture_(AttentionMixture::from(parameters)),
          sigma_(parameters.get<double>("sigma")),
          shared_(parameters.get<double>("shared")) {}

    LayeredNetwork<double> generate(const NetworkSize& size, Random& random) const {
        std::vector<double> common(size.tokens);
        for (double& z : common) z = random.normal();
        std::vector<double> popularity(size.tokens);
        std::size_t popularity_of = 0;  // layer; heads are drawn layer by layer
        return mixture_.network(size, [&](std::size_t layer, RowMajor<double>& weights) {
            if (popularity_of != layer) {
                popularity_of = layer;
                for (std::size_t j = 0; j < popularity.size(); ++j) {
                    popularity[j] =
                        std::exp(0.86 * sigma_ *
                                 (std::sqrt(shared_) * common[j] + std::sqrt(1.0 - shared_) * random.normal()));
                }
            }
            draw_head(random, popularity, weights);
        });
    }

private:
    static void draw_head(Random& random, const std::vector<double>& popularity, RowMajor<double>& weights) {
        const std::size_t n = weights.rows();
        const auto distance = [](std::size_t i, std::size_t j) {
            return static_cast<double>(i > j ? i - j : j - i);
        };
        const auto fill = [&](const auto& weight) {
            for (std::size_t i = 0; i < n; ++i) {
                for (std::size_t j = 0; j < n; ++j) weights(i, j) = popularity[j] * weight(i, j);
            }
        };
        switch (random.below(4)) {
            case 0: {  // local
                const double reach = 0.5 + 3.0 * random.uniform();
                return fill([&](std::size_t i, std::size_t j) { return std::exp(-distance(i, j) / reach); });
            }
            case 1: {  // offset, wrapping around
                const std::size_t offset = random.below(n);
                return fill([&](std::size_t i, std::size_t j) { return j == (i + offset) % n ? 1.0 : 0.01; });
            }
            case 2: {  // sink
                fill([](std::size_t, std::size_t) { return 1.0; });
                for (std::size_t i = 0; i < n; ++i) {
                    double others = 0.0;
                    for (std::size_t j = 1; j < n; ++j) others += weights(i, j);
                    weights(i, 0) = n == 1 ? 1.0 : others;
                }
                return;
            }
            default:
                return fill([&](std::size_t, std::size_t) { return std::exp(random.normal()); });
        }
    }

    AttentionMixture mixture_;
    double sigma_;
    double shared_;
};

}  // namespace attnflow
