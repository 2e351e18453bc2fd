#include "attention/extract/edge_weights/gradient_weighted.hpp"

namespace attnflow {
namespace {

/// Two heads that look at two tokens; their gradients have both signs.
LayerSample two_heads() {
    return {.tokens = 2,
            .shape = {.layers = 1, .heads = 2, .key_heads = 2, .head_width = 1, .width = 2},
            .attention = {0.25f, 0.75f, 1, 0, 0.5f, 0.5f, 0.125f, 0.875f},
            .attention_gradient = {-2, 4, 3, -1, 0, 8, 16, -0.5f}};
}

constexpr const char* what = "two heads and two tokens, gradients of both signs";

}  // namespace

std::vector<KnownWeights> AttentionWeight::known_answers() {
    return {{what, two_heads(), {0.25f, 0.75f, 1, 0, 0.5f, 0.5f, 0.125f, 0.875f}}};
}

std::vector<KnownWeights> GradientWeight::known_answers() {
    return {{what, two_heads(), {0, 4, 3, 0, 0, 8, 16, 0}}};
}

std::vector<KnownWeights> AttentionGradientWeight::known_answers() {
    return {{what, two_heads(), {0, 3, 3, 0, 0, 4, 2, 0}}};
}

}  // namespace attnflow
