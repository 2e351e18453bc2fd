#pragma once
/// Mean over heads that weighs peaked heads more:
///
///   W = sum_h w_h A_h / sum_h w_h,   w_h = exp(-sharpness * E_h),
///
/// E_h the Shannon entropy (in nats) of the head's rows, averaged over queries; exp(E_h) is the
/// number of keys that a row effectively spreads over. A row is normalised for its entropy;
/// rows of zeros do not count. sharpness = 0 is the plain mean, < 0 favours diffuse heads.
///
/// Keeps rows that sum to 1. The entropy of a head is known when the head has been read: one
/// pass, the memory of two matrices.  O(H n^2) logarithms.
///
/// Head entropies as a measure: Clark et al., BlackboxNLP 2019, arXiv:1906.04341, section 3;
/// weighing heads by them is this project's choice.

#include <algorithm>
#include <cmath>
#include <limits>

#include "attention/network/heads/head_aggregator.hpp"

namespace attnflow {

class EntropyWeightedHeads {
public:
    static EntryInfo describe() {
        return {
            .name = "entropy_weighted",
            .summary = "mean over the heads, weighted by exp(-sharpness * mean row entropy)",
            .paper = "Clark et al. 2019, arXiv:1906.04341 (head entropy)",
            .complexity = "O(H n^2) a layer, memory of 2 heads",
            .parameters = {{.name = "sharpness",
                            .summary = "0 is the plain mean, larger favours peaked heads, below 0 diffuse ones",
                            .fallback = 1.0,
                            .minimum = -100.0,
                            .maximum = 100.0}},
            .promises = {head_promise::rows_sum_to_one, head_promise::between_heads, head_promise::homogeneous,
                         head_promise::order_free, head_promise::equivariant}};
    }
    static std::vector<KnownFusion> known_fusions() {
        return {{3,
                 2,
                 {1.0, 0.0, 0.5, 0.5, 0.5, 0.5, 0.25, 0.75, 0.0, 1.0, 0.5, 0.5},
                 {0.5, 0.5, 0.43149467091742866, 0.5685053290825713}}};
    }

    explicit EntropyWeightedHeads(const Parameters& parameters)
        : sharpness_(parameters.get<double>("sharpness")) {}

    void fuse(const AttentionStack& attention, std::size_t layer, std::span<double> out) {
        std::fill(out.begin(), out.end(), 0.0);
        const std::size_t keys = attention.keys(layer);
        double total = 0.0;
        // Shares are relative to the largest so far: exp of a long row's entropy has no room for
        // `sharpness` times it.
        double best = -std::numeric_limits<double>::infinity();
        for_each_head(attention, layer, head_, [&](std::size_t, std::span<const double> weights) {
            const double exponent = -sharpness_ * mean_row_entropy(weights, keys);
            if (exponent > best) {
                const double shrink = std::exp(best - exponent);  // 0 at first
                for (double& weight : out) weight *= shrink;
                total *= shrink;
                best = exponent;
            }
            const double share = std::exp(exponent - best);
            total += share;
            for (std::size_t k = 0; k < out.size(); ++k) out[k] += share * weights[k];
        });
        for (double& weight : out) weight /= total;
    }

private:
    static double mean_row_entropy(std::span<const double> weights, std::size_t keys) {
        double entropies = 0.0;
        std::size_t rows = 0;
        for (std::size_t first = 0; first < weights.size(); first += keys) {
            double sum = 0.0;
            double sum_log = 0.0;
            for (const double weight : weights.subspan(first, keys)) {
                if (!(weight > 0.0)) continue;
                sum += weight;
                sum_log += weight * std::log(weight);
            }
            if (!(sum > 0.0)) continue;
            entropies += std::log(sum) - sum_log / sum;
            ++rows;
        }
        return rows == 0 ? 0.0 : entropies / static_cast<double>(rows);
    }

    double sharpness_;
    std::vector<double> head_;
};

}  // namespace attnflow
