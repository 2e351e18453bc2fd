#pragma once
/// One head, the same number in every layer: W = A_head.
///
/// Heads of different layers are numbered independently, so that following number h through
/// the layers is arbitrary; useful for one layer, and as a pass of `late`.  O(n^2).

#include "attention/network/heads/head_aggregator.hpp"

namespace attnflow {

class SingleHead {
public:
    static EntryInfo describe() {
        return {.name = "single",
                .summary = "one head, the same number in every layer",
                .complexity = "O(n^2) a layer",
                .parameters = {{.name = "head",
                                .summary = "number of the head, from 0",
                                .fallback = std::int64_t{0},
                                .minimum = 0}},
                .promises = {head_promise::rows_sum_to_one, head_promise::between_heads, head_promise::monotone,
                             head_promise::homogeneous, head_promise::equivariant}};
    }
    static std::vector<KnownFusion> known_fusions() {
        return {{3, 2, {1.0, 0.0, 0.5, 0.5, 0.5, 0.5, 0.25, 0.75, 0.0, 1.0, 0.5, 0.5}, {1.0, 0.0, 0.5, 0.5}}};
    }

    explicit SingleHead(const Parameters& parameters) : head_(parameters.get<std::int64_t>("head")) {}

    void check(const AttentionStack& attention) const { check_head_exists(attention, head_, "single"); }

    void fuse(const AttentionStack& attention, std::size_t layer, std::span<double> out) const {
        attention.read_head(layer, static_cast<std::size_t>(head_), out);
    }

private:
    std::int64_t head_;
};

}  // namespace attnflow
