#pragma once
/// Peak head: each query takes its row from the head whose largest weight there is the largest; of equal heads the
/// one with the smaller number.
///
/// Keeps rows that sum to 1.  O(H n^2) a layer, memory of one matrix.

#include <algorithm>

#include "attention/network/heads/head_aggregator.hpp"

class PeakHead {
public:
    static attnflow::EntryInfo describe() {
        using namespace attnflow;
        return {.name = "peak_head",
                .summary = "each row from the head that is most sure of it",
                .complexity = "O(H n^2) a layer, memory of one matrix",
                .promises = {head_promise::rows_sum_to_one, head_promise::between_heads, head_promise::homogeneous,
                             head_promise::order_free, head_promise::equivariant}};
    }

    void fuse(const attnflow::AttentionStack& attention, std::size_t layer, std::span<double> out) {
        const std::size_t keys = attention.keys(layer);
        std::vector<double> peaks(attention.queries(layer), -1.0);
        attnflow::for_each_head(attention, layer, head_, [&](std::size_t, std::span<const double> weights) {
            for (std::size_t i = 0; i < peaks.size(); ++i) {
                const auto row = weights.subspan(i * keys, keys);
                const double peak = *std::max_element(row.begin(), row.end());
                if (!(peak > peaks[i])) continue;
                peaks[i] = peak;
                std::copy(row.begin(), row.end(), out.subspan(i * keys, keys).begin());
            }
        });
    }

    static std::vector<attnflow::KnownFusion> known_fusions() {
        return {{2, 2, {0.9, 0.1, 0.5, 0.5, 0.6, 0.4, 0.2, 0.8}, {0.9, 0.1, 0.2, 0.8}}};
    }

private:
    std::vector<double> head_;
};
