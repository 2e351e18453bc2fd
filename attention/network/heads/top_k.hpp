#pragma once
/// Mean over the `k` most confident heads of each layer. A head's confidence is the largest
/// weight of a row, averaged over the queries; of equal heads the one with the smaller number
/// is taken. k >= H is the plain mean.
///
/// Keeps rows that sum to 1. Heads are read twice, first for the confidences: the memory of
/// one matrix.  O(H n^2).
///
/// Confidence: Voita et al., ACL 2019, arXiv:1905.09418, section 4

#include <algorithm>
#include <cstdint>
#include <numeric>

#include "attention/network/heads/head_aggregator.hpp"

namespace attnflow {

class TopKHeads {
public:
    static EntryInfo describe() {
        return {.name = "top_k",
                .summary = "mean over the k most confident heads of each layer",
                .paper = "Voita et al. 2019, arXiv:1905.09418 (confidence)",
                .complexity = "O(H n^2) a layer, memory of one matrix",
                .parameters = {{.name = "k",
                                .summary = "heads to keep in each layer",
                                .fallback = std::int64_t{2},
                                .minimum = 1}},
                .promises = {head_promise::rows_sum_to_one, head_promise::between_heads, head_promise::homogeneous,
                             head_promise::order_free, head_promise::equivariant}};
    }
    static std::vector<KnownFusion> known_fusions() {
        return {{3, 2, {1.0, 0.0, 0.5, 0.5, 0.5, 0.5, 0.25, 0.75, 0.0, 1.0, 0.5, 0.5}, {0.5, 0.5, 0.5, 0.5}}};
    }

    explicit TopKHeads(const Parameters& parameters) : k_(parameters.get<std::int64_t>("k")) {}

    void fuse(const AttentionStack& attention, std::size_t layer, std::span<double> out) {
        std::fill(out.begin(), out.end(), 0.0);
        const auto chosen = most_confident(attention, layer);
        for (const std::size_t h : chosen) {
            for_each_run(attention, layer, h, run_, [&](std::size_t first, std::span<const double> weights) {
                for (std::size_t k = 0; k < weights.size(); ++k) out[first + k] += weights[k];
            });
        }
        for (double& weight : out) weight /= static_cast<double>(chosen.size());
    }

private:
    std::vector<std::size_t> most_confident(const AttentionStack& attention, std::size_t layer) {
        const std::size_t keys = attention.keys(layer);
        std::vector<double> confidence(attention.heads(layer), 0.0);
        for (std::size_t h = 0; h < confidence.size(); ++h) {
            for_each_run(attention, layer, h, run_, [&](std::size_t, std::span<const double> weights) {
                for (std::size_t begin = 0; begin < weights.size(); begin += keys) {
                    const auto row = weights.subspan(begin, keys);
                    confidence[h] += *std::max_element(row.begin(), row.end());
                }
            });
        }
        std::vector<std::size_t> order(confidence.size());
        std::iota(order.begin(), order.end(), std::size_t{0});
        std::stable_sort(order.begin(), order.end(),
                         [&](std::size_t a, std::size_t b) { return confidence[a] > confidence[b]; });
        order.resize(std::min(order.size(), static_cast<std::size_t>(k_)));
        return order;
    }

    std::int64_t k_;
    std::vector<double> run_;
};

}  // namespace attnflow
