#pragma once
/// Attention spread over nearly all keys: softmax of Gaussian logits of small deviation.
/// Every flow saturates within a few layers; the easy end for solvers.

#include "graph/generators/attention_mixture.hpp"

namespace attnflow {

class DiffuseAttention {
public:
    static EntryInfo describe() {
        return {.name = "diffuse",
                .summary = "attention spread over nearly all keys",
                .parameters = with_mixture({{.name = "logit_deviation",
                                             .summary = "standard deviation of the logits",
                                             .fallback = 0.5,
                                             .minimum = 0.0,
                                             .maximum = 50.0}}),
                .promises = {network_promise::rows_sum_to_one, network_promise::equal_widths}};
    }

    explicit DiffuseAttention(const Parameters& parameters)
        : mixture_(AttentionMixture::from(parameters)), deviation_(parameters.get<double>("logit_deviation")) {}

    LayeredNetwork<double> generate(const NetworkSize& size, Random& random) const {
        return mixture_.network(size, [&](std::size_t, RowMajor<double>& weights) {
            draw_gaussian_logits(deviation_, random, weights);
        });
    }

private:
    AttentionMixture mixture_;
    double deviation_;
};

}  // namespace attnflow
