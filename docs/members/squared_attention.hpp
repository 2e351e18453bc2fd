#pragma once
/// Squared attention: the weights of each row squared and divided by their sum, head by head: what a head is sure
/// of counts more.
///
/// Rows sum to 1.  O(H n^2) a layer.

#include "attention/extract/edge_weights/edge_weight.hpp"

class SquaredAttention {
public:
    static constexpr bool needs_gradient = false;
    static constexpr bool needs_internals = false;
    static constexpr bool has_heads = true;

    static attnflow::EntryInfo describe() {
        using namespace attnflow;
        return {.name = "squared_attention",
                .summary = "attention squared, rows scaled to sum to 1",
                .complexity = "O(H n^2) a layer",
                .promises = {attention_promise::rows_sum_to_one, edge_weight_promise::equivariant,
                             edge_weight_promise::heads_independent}};
    }

    void weigh(const attnflow::LayerEvidence& layer, std::span<float> out) const {
        const std::size_t n = layer.tokens;
        for (std::size_t first = 0; first < out.size(); first += n) {
            double sum = 0.0;
            for (const float weight : layer.attention.subspan(first, n))
                sum += static_cast<double>(weight) * weight;
            for (std::size_t k = first; k < first + n; ++k) {
                const double square = static_cast<double>(layer.attention[k]) * layer.attention[k];
                out[k] = static_cast<float>(square / sum);
            }
        }
    }

    static std::vector<attnflow::KnownWeights> known_answers() {
        return {{"one head and two tokens",
                 {.tokens = 2,
                  .shape = {.layers = 1, .heads = 1, .key_heads = 1, .head_width = 1, .width = 1},
                  .attention = {0.75f, 0.25f, 0.5f, 0.5f}},
                 {0.9f, 0.1f, 0.5f, 0.5f}}};
    }
};
