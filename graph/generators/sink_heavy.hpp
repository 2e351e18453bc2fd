#pragma once
/// Attention sinks: most of every row rests on the first position, as trained decoders and
/// encoders ([CLS], [SEP]) do; the rest is diffuse.
///
/// Xiao et al., "Efficient Streaming Language Models with Attention Sinks", ICLR 2024,
/// arXiv:2309.17453

#include "graph/generators/attention_mixture.hpp"

namespace attnflow {

class SinkHeavyAttention {
public:
    static EntryInfo describe() {
        return {.name = "sink_heavy",
                .summary = "most of every row rests on the first position",
                .paper = "attention sinks: Xiao et al. 2024, arXiv:2309.17453",
                .parameters = with_mixture({{.name = "sink_share",
                                             .summary = "share of a row on position 0",
                                             .fallback = 0.7,
                                             .minimum = 0.0,
                                             .maximum = 1.0}}),
                .promises = {network_promise::rows_sum_to_one, network_promise::equal_widths}};
    }

    explicit SinkHeavyAttention(const Parameters& parameters)
        : mixture_(AttentionMixture::from(parameters)), share_(parameters.get<double>("sink_share")) {}

    LayeredNetwork<double> generate(const NetworkSize& size, Random& random) const {
        return mixture_.network(size, [&](std::size_t, RowMajor<double>& weights) {
            draw_gaussian_logits(1.0, random, weights);
            for (std::size_t i = 0; i < weights.rows(); ++i) {
                const auto row = weights.row(i);
                double others = 0.0;
                for (std::size_t j = 1; j < row.size(); ++j) others += row[j];
                for (std::size_t j = 1; j < row.size(); ++j) row[j] *= (1.0 - share_) / others;
                row[0] = share_;
            }
        });
    }

private:
    AttentionMixture mixture_;
    double share_;
};

}  // namespace attnflow
