#pragma once
/// Attention that settles on a few keys a head: softmax of Gaussian logits of large deviation.

#include "graph/generators/attention_mixture.hpp"

namespace attnflow {

class PeakedAttention {
public:
    static EntryInfo describe() {
        return {.name = "peaked",
                .summary = "attention on a few keys a head",
                .parameters = with_mixture({{.name = "logit_deviation",
                                             .summary = "standard deviation of the logits",
                                             .fallback = 4.0,
                                             .minimum = 0.0,
                                             .maximum = 50.0}},
                                           {.heads = 4}),
                .promises = {network_promise::rows_sum_to_one, network_promise::equal_widths}};
    }

    explicit PeakedAttention(const Parameters& parameters)
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
