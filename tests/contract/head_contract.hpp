#pragma once
/// What every head strategy must do, and what it promises: checks that return complaints, so
/// that a broken strategy can be shown to be caught.

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "attention/network/heads/head_aggregator.hpp"
#include "graph/support/random.hpp"
#include "tests/exponential.hpp"

namespace attnflow::testing {

/// Weights [layers, heads, tokens, tokens] with what the checks need to make variants.
struct HeadInstance {
    std::size_t layers;
    std::size_t heads;
    std::size_t tokens;
    std::vector<double> weights;

    /// Rows of exponentials raised to a power that differs by head, so that heads differ in
    /// sharpness; rows sum to 1.
    static HeadInstance random(std::size_t layers, std::size_t heads, std::size_t tokens, std::uint64_t seed) {
        Random random(seed);
        HeadInstance out{layers, heads, tokens, std::vector<double>(layers * heads * tokens * tokens)};
        for (std::size_t row = 0; row < layers * heads * tokens; ++row) {
            const auto weights = std::span(out.weights).subspan(row * tokens, tokens);
            const double power = 0.5 + static_cast<double>(row / tokens % heads);
            for (double& weight : weights) weight = std::pow(exponential(random), power);
            const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
            for (double& weight : weights) weight /= sum;
        }
        return out;
    }

    AttentionStack stack() const { return AttentionStack::from_values(layers, heads, tokens, weights); }
    double& at(std::size_t layer, std::size_t head, std::size_t query, std::size_t key) {
        return weights[((layer * heads + head) * tokens + query) * tokens + key];
    }
    double at(std::size_t layer, std::size_t head, std::size_t query, std::size_t key) const {
        return weights[((layer * heads + head) * tokens + query) * tokens + key];
    }
};

/// A permutation of 0..count-1 that leaves no place as it was (count >= 2).
inline std::vector<std::size_t> rotation(std::size_t count, std::size_t by) {
    std::vector<std::size_t> order(count);
    for (std::size_t i = 0; i < count; ++i) order[i] = (i + by) % count;
    return order;
}

/// Complaints about a strategy that fuses, in the layer of the source or below it.
class HeadContract {
public:
    HeadContract(HeadFamily::Interface& strategy, const EntryInfo& info, bool source_layer)
        : strategy_(strategy), info_(info), source_layer_(source_layer) {}

    std::vector<std::string> complaints(const HeadInstance& instance) {
        complaints_.clear();
        for (std::size_t layer = 0; layer < instance.layers; ++layer) {
            const auto fused = fuse(instance, layer);
            for (const double weight : fused) require(std::isfinite(weight) && weight >= 0.0, "finite and >= 0");
            require(fuse(instance, layer) == fused, "the same when asked twice");
            check_values(instance, layer, fused);
            check_variants(instance, layer, fused);
        }
        return complaints_;
    }

private:
    bool promises(const char* name) const {
        return std::find(info_.promises.begin(), info_.promises.end(), name) != info_.promises.end();
    }
    void require(bool holds, const std::string& law) {
        if (!holds && std::find(complaints_.begin(), complaints_.end(), law) == complaints_.end()) {
            complaints_.push_back(law);
        }
    }
    static bool close(double a, double b) { return std::abs(a - b) <= 1e-12 * std::max({1.0, std::abs(a)}); }

    std::vector<double> fuse(const HeadInstance& instance, std::size_t layer) {
        // Filled with NaN, so that a weight which is not written is noticed.
        std::vector<double> out(instance.tokens * instance.tokens, std::nan(""));
        if (source_layer_) {
            strategy_.fuse_source_layer(instance.stack(), layer, out);
        } else {
            strategy_.fuse(instance.stack(), layer, out);
        }
        return out;
    }

    void check_values(const HeadInstance& instance, std::size_t layer, const std::vector<double>& fused) {
        const std::size_t n = instance.tokens;
        for (std::size_t i = 0; i < n; ++i) {
            double sum = 0.0;
            for (std::size_t j = 0; j < n; ++j) {
                double least = instance.at(layer, 0, i, j);
                double largest = least;
                for (std::size_t h = 1; h < instance.heads; ++h) {
                    least = std::min(least, instance.at(layer, h, i, j));
                    largest = std::max(largest, instance.at(layer, h, i, j));
                }
                const double weight = fused[i * n + j];
                sum += weight;
                if (promises(head_promise::between_heads)) {
                    require(weight >= least - 1e-12 && weight <= largest + 1e-12, head_promise::between_heads);
                }
            }
            if (promises(head_promise::rows_sum_to_one)) require(close(sum, 1.0), head_promise::rows_sum_to_one);
        }
    }

    void check_variants(const HeadInstance& instance, std::size_t layer, const std::vector<double>& fused) {
        const std::size_t n = instance.tokens;
        if (promises(head_promise::homogeneous)) {
            HeadInstance scaled = instance;
            for (double& weight : scaled.weights) weight *= 0.25;
            const auto other = fuse(scaled, layer);
            for (std::size_t k = 0; k < n * n; ++k) {
                require(close(other[k], 0.25 * fused[k]), head_promise::homogeneous);
            }
        }
        if (promises(head_promise::monotone)) {
            HeadInstance raised = instance;
            for (std::size_t h = 0; h < instance.heads; ++h) raised.at(layer, h, n - 1, 0) += 0.125;
            const auto other = fuse(raised, layer);
            for (std::size_t k = 0; k < n * n; ++k) require(other[k] >= fused[k] - 1e-12, head_promise::monotone);
        }
        if (promises(head_promise::order_free)) {
            HeadInstance reordered = instance;
            const auto order = rotation(instance.heads, 1);
            for_each_weight(instance, [&](std::size_t l, std::size_t h, std::size_t i, std::size_t j) {
                reordered.at(l, order[h], i, j) = instance.at(l, h, i, j);
            });
            const auto other = fuse(reordered, layer);
            for (std::size_t k = 0; k < n * n; ++k) require(close(other[k], fused[k]), head_promise::order_free);
        }
        if (promises(head_promise::equivariant)) {
            HeadInstance renamed = instance;
            const auto order = rotation(n, n / 2 + 1);
            for_each_weight(instance, [&](std::size_t l, std::size_t h, std::size_t i, std::size_t j) {
                renamed.at(l, h, order[i], order[j]) = instance.at(l, h, i, j);
            });
            const auto other = fuse(renamed, layer);
            for (std::size_t i = 0; i < n; ++i) {
                for (std::size_t j = 0; j < n; ++j) {
                    require(close(other[order[i] * n + order[j]], fused[i * n + j]), head_promise::equivariant);
                }
            }
        }
    }

    template <class Visit>
    static void for_each_weight(const HeadInstance& instance, Visit visit) {
        for (std::size_t l = 0; l < instance.layers; ++l) {
            for (std::size_t h = 0; h < instance.heads; ++h) {
                for (std::size_t i = 0; i < instance.tokens; ++i) {
                    for (std::size_t j = 0; j < instance.tokens; ++j) visit(l, h, i, j);
                }
            }
        }
    }

    HeadFamily::Interface& strategy_;
    const EntryInfo& info_;
    bool source_layer_;
    std::vector<std::string> complaints_;
};

}  // namespace attnflow::testing
