#pragma once
/// Capacities that take few values, so that many cuts tie: with one level, uniform
/// attention 1/n everywhere. Rankings and cut names must not depend on the solver here.

#include "graph/generators/attention_mixture.hpp"

namespace attnflow {

class TiedAttention {
public:
    static EntryInfo describe() {
        return {.name = "ties",
                .summary = "capacities of few different values; one level is uniform attention",
                .parameters = with_mixture({{.name = "levels",
                                             .summary = "a weight is k / (sum of its row), k drawn from 1..levels",
                                             .fallback = std::int64_t{1},
                                             .minimum = 1,
                                             .maximum = 1000}},
                                           {.heads = 1}),
                .promises = {network_promise::rows_sum_to_one, network_promise::equal_widths}};
    }

    explicit TiedAttention(const Parameters& parameters)
        : mixture_(AttentionMixture::from(parameters)),
          levels_(static_cast<std::uint64_t>(parameters.get<std::int64_t>("levels"))) {}

    LayeredNetwork<double> generate(const NetworkSize& size, Random& random) const {
        return mixture_.network(size, [&](std::size_t, RowMajor<double>& weights) {
            for (double& weight : weights.values()) weight = static_cast<double>(1 + random.below(levels_));
        });
    }

private:
    AttentionMixture mixture_;
    std::uint64_t levels_;
};

}  // namespace attnflow
