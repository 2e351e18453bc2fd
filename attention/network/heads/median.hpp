#pragma once
/// Median over heads, W_ij = median_h A_h,ij (the mean of the two middle ones for even H): a
/// mean that a few deviating heads, such as sinks, cannot pull.
///
/// Rows need not sum to 1. Some rows of every head are read at a time: memory H n, or 128 MiB.
/// O(H n^2) expected.

#include <algorithm>

#include "attention/network/heads/head_aggregator.hpp"

namespace attnflow {

/// Reorders `values`, at least one.
inline double median_of(std::span<double> values) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    if (values.size() % 2 == 1) return *middle;
    return (*std::max_element(values.begin(), middle) + *middle) / 2.0;
}

class MedianHeads {
public:
    static EntryInfo describe() {
        return {.name = "median",
                .summary = "median over the heads",
                .complexity = "O(H n^2) a layer, memory of a row of every head, or 128 MiB",
                .promises = {head_promise::between_heads, head_promise::monotone, head_promise::homogeneous,
                             head_promise::order_free, head_promise::equivariant}};
    }

    static std::vector<KnownFusion> known_fusions() {
        return {{3, 2, {1.0, 0.0, 0.5, 0.5, 0.5, 0.5, 0.25, 0.75, 0.0, 1.0, 0.5, 0.5}, {0.5, 0.5, 0.5, 0.5}}};
    }

    void fuse(const AttentionStack& attention, std::size_t layer, std::span<double> out) {
        const std::size_t heads = attention.heads(layer);
        const std::size_t keys = attention.keys(layer);
        const std::size_t size = out.size();
        const std::size_t run = std::max<std::size_t>(1, most_weights_ / (heads * keys)) * keys;
        rows_.resize(heads * std::min(run, size));
        weights_.resize(heads);
        for (std::size_t first = 0; first < size; first += run) {
            const std::size_t count = std::min(run, size - first);
            for (std::size_t h = 0; h < heads; ++h) {
                attention.read_rows(layer, h, first / keys, std::span(rows_).subspan(h * count, count));
            }
            for (std::size_t k = 0; k < count; ++k) {
                for (std::size_t h = 0; h < heads; ++h) weights_[h] = rows_[h * count + k];
                out[first + k] = median_of(weights_);
            }
        }
    }

private:
    // Runs of rows of every head: long enough to be read from a disk in one go.
    static constexpr std::size_t most_weights_ = std::size_t{1} << 24;

    std::vector<double> rows_;
    std::vector<double> weights_;
};

}  // namespace attnflow
