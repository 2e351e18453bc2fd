#include "attention/extract/edge_weights/value_norm.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "graph/support/gemm.hpp"

namespace attnflow {
namespace {

// Keys at a time: rows enough for the matrix products, and vectors that fit into the caches.
constexpr std::size_t block_keys = 64;

/// The Gram matrices of the value vectors of one layer, for one block of keys after the other.
class GramMatrices {
public:
    explicit GramMatrices(const LayerEvidence& layer)
        : layer_(layer),
          weight_(layer.internals->output_weight.begin(), layer.internals->output_weight.end()),
          vectors_(std::min(block_keys, layer.tokens) * layer.shape.heads * layer.shape.width),
          products_(layer.shape.heads * layer.shape.heads) {}

    /// [H, H, count]: <f_h(x_j), f_g(x_j)> for `count` keys j from `first` on.
    const double* of(std::size_t first, std::size_t count) {
        const ModelShape& shape = layer_.shape;
        const std::size_t heads = shape.heads;
        const std::size_t d = shape.width;
        const std::size_t w = shape.head_width;
        const std::size_t values_width = shape.key_heads * w;
        const auto values = layer_.internals->values.subspan(first * values_width, count * values_width);
        values_.assign(values.begin(), values.end());
        // f_h of all keys: its key head's columns of the values times its columns of the output projection.
        for (std::size_t h = 0; h < heads; ++h) {
            const std::size_t key_head = h / (heads / shape.key_heads);
            multiply<double>(count, d, w, 1.0, {values_.data() + key_head * w, values_width}, Flip::no,
                             {weight_.data() + h * w, heads * w}, Flip::yes, 0.0,
                             {vectors_.data() + h * d, heads * d});
        }
        grams_.resize(heads * heads * count);
        for (std::size_t j = 0; j < count; ++j) {
            const MatrixRef<const double> vectors{vectors_.data() + j * heads * d, d};
            multiply<double>(heads, heads, d, 1.0, vectors, Flip::no, vectors, Flip::yes, 0.0,
                             {products_.data(), heads});
            for (std::size_t k = 0; k < heads * heads; ++k) grams_[k * count + j] = products_[k];
        }
        return grams_.data();
    }

private:
    const LayerEvidence& layer_;
    std::vector<double> weight_;    // [d, H w]
    std::vector<double> values_;    // [keys, G w]
    std::vector<double> vectors_;   // [keys, H, d]
    std::vector<double> products_;  // [H, H]
    std::vector<double> grams_;     // [H, H, keys]
};

}  // namespace

std::vector<KnownWeights> ValueNorm::known_answers() {
    // Two heads share the values (3, 4) and (0, 1). Head 0 moves (a, b) to (a, b, 0), head 1 to (0, 0, 2 a), so a
    // query receives A_0 (a, b) and 2 a A_1 at a right angle to it: sqrt(A_0² (a² + b²) + 4 A_1² a²).
    const LayerSample layer{.tokens = 2,
                            .shape = {.layers = 1, .heads = 2, .key_heads = 1, .head_width = 2, .width = 3},
                            .attention = {1, 0, 0.5f, 0.5f, 0.5f, 0.5f, 0, 1},
                            .input = {1, 2, 3, 3, 2, 1},
                            .values = {3, 4, 0, 1},
                            .output_weight = {1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 2, 0}};
    return {{"two heads that share their values", layer, {std::sqrt(34.0f), 0, 2.5f, 0.5f}}};
}

void ValueNorm::weigh(const LayerEvidence& layer, std::span<float> out) const {
    const std::size_t n = layer.tokens;
    const std::size_t heads = layer.shape.heads;
    GramMatrices grams(layer);
    std::vector<double> attention(heads * block_keys);  // of one query, [H, keys]
    for (std::size_t first = 0; first < n; first += block_keys) {
        const std::size_t count = std::min(block_keys, n - first);
        const double* gram = grams.of(first, count);
        for (std::size_t i = 0; i < n; ++i) {
            double square[block_keys] = {};
            for (std::size_t h = 0; h < heads; ++h) {
                double* weights = attention.data() + h * block_keys;
                std::copy_n(layer.attention.data() + (h * n + i) * n + first, count, weights);
                double along[block_keys] = {};
                for (std::size_t g = 0; g <= h; ++g) {
                    const double twice = g < h ? 2.0 : 1.0;  // the Gram matrix is symmetric
                    const double* products = gram + (h * heads + g) * count;
                    const double* others = attention.data() + g * block_keys;
                    for (std::size_t j = 0; j < count; ++j) along[j] += twice * products[j] * others[j];
                }
                for (std::size_t j = 0; j < count; ++j) square[j] += along[j] * weights[j];
            }
            // Cancelling vectors may leave a rounding error below 0; what is no number stays that.
            for (std::size_t j = 0; j < count; ++j)
                out[i * n + first + j] = static_cast<float>(std::sqrt(square[j] < 0.0 ? 0.0 : square[j]));
        }
    }
}

}  // namespace attnflow
