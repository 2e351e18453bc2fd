#pragma once
/// Every head puts all but a trace of a row on one key: capacities of very different size,
/// which tells whether a computation holds at the edge of fixed point.

#include "graph/generators/attention_mixture.hpp"

namespace attnflow {

class NearOneHotAttention {
public:
    static EntryInfo describe() {
        return {.name = "near_one_hot",
                .summary = "every head puts all but a trace of a row on one key",
                .parameters = with_mixture({{.name = "trace",
                                             .summary = "weight that the other keys share",
                                             .fallback = 1e-6,
                                             .minimum = 0.0,
                                             .maximum = 1.0}},
                                           {.heads = 2}),
                .promises = {network_promise::rows_sum_to_one, network_promise::equal_widths}};
    }

    explicit NearOneHotAttention(const Parameters& parameters)
        : mixture_(AttentionMixture::from(parameters)), trace_(parameters.get<double>("trace")) {}

    LayeredNetwork<double> generate(const NetworkSize& size, Random& random) const {
        return mixture_.network(size, [&](std::size_t, RowMajor<double>& weights) {
            for (std::size_t i = 0; i < weights.rows(); ++i) {
                const auto row = weights.row(i);
                for (double& weight : row) weight = trace_ * random.uniform() / static_cast<double>(row.size());
                row[random.below(row.size())] += 1.0 - trace_;
            }
        });
    }

private:
    AttentionMixture mixture_;
    double trace_;
};

}  // namespace attnflow
