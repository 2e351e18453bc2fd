#include "attention/model/edge_weights/value_norm.hpp"

#include <cmath>

namespace attnflow {
namespace {

/// f_h(x_j) for all heads of one key, row-major [H, d].
void transformed_values(const LayerEvidence& layer, std::size_t key, std::vector<double>& out) {
    const std::size_t d = layer.width;
    const std::size_t head_width = d / layer.heads;
    const float* values = layer.internals->values.data() + key * d;
    for (std::size_t h = 0; h < layer.heads; ++h) {
        for (std::size_t i = 0; i < d; ++i) {
            const float* weight = layer.internals->output_weight.data() + i * d + h * head_width;
            double sum = 0.0;
            for (std::size_t c = 0; c < head_width; ++c) {
                sum += static_cast<double>(weight[c]) * static_cast<double>(values[h * head_width + c]);
            }
            out[h * d + i] = sum;
        }
    }
}

}  // namespace

void ValueNorm::weigh(const LayerEvidence& layer, std::span<float> out) const {
    const std::size_t n = layer.tokens;
    const std::size_t heads = layer.heads;
    const std::size_t d = layer.width;
    std::vector<double> vectors(heads * d);
    std::vector<double> products(heads * heads);
    for (std::size_t j = 0; j < n; ++j) {
        transformed_values(layer, j, vectors);
        for (std::size_t h = 0; h < heads; ++h) {
            for (std::size_t g = 0; g <= h; ++g) {
                double sum = 0.0;
                for (std::size_t i = 0; i < d; ++i) sum += vectors[h * d + i] * vectors[g * d + i];
                products[h * heads + g] = products[g * heads + h] = sum;
            }
        }
        for (std::size_t i = 0; i < n; ++i) {
            double square = 0.0;
            for (std::size_t h = 0; h < heads; ++h) {
                double along = 0.0;
                for (std::size_t g = 0; g < heads; ++g) {
                    along += products[h * heads + g] * static_cast<double>(layer.attention[(g * n + i) * n + j]);
                }
                square += along * static_cast<double>(layer.attention[(h * n + i) * n + j]);
            }
            // Cancelling vectors may leave a rounding error below 0.
            out[i * n + j] = static_cast<float>(std::sqrt(std::max(0.0, square)));
        }
    }
}

}  // namespace attnflow
