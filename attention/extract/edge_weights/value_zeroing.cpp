#include "attention/extract/edge_weights/value_zeroing.hpp"

#include <cmath>
#include <numeric>

#include "graph/support/gemm.hpp"

namespace attnflow {
namespace {

constexpr const char* cosine = "cosine";
constexpr const char* euclidean = "euclidean";

double norm_of(std::span<const float> row) {
    double square = 0.0;
    for (const float x : row) square += static_cast<double>(x) * static_cast<double>(x);
    return std::sqrt(square);
}

/// 1 - cosine as half the squared distance of the unit vectors, which does not cancel where they are close; 1 for
/// a vector of zeros and another one.
double cosine_distance(std::span<const float> a, std::span<const float> b) {
    const double norm_a = norm_of(a);
    const double norm_b = norm_of(b);
    if (norm_a == 0.0 || norm_b == 0.0) return norm_a == norm_b ? 0.0 : 1.0;
    double square = 0.0;
    for (std::size_t c = 0; c < a.size(); ++c) {
        const double difference = static_cast<double>(a[c]) / norm_a - static_cast<double>(b[c]) / norm_b;
        square += difference * difference;
    }
    return 0.5 * square;
}

double euclidean_distance(std::span<const float> a, std::span<const float> b) {
    double square = 0.0;
    for (std::size_t c = 0; c < a.size(); ++c) {
        const double difference = static_cast<double>(a[c]) - static_cast<double>(b[c]);
        square += difference * difference;
    }
    return std::sqrt(square);
}

/// What attention adds in a layer where the value of one token is zero.
class Attended {
public:
    explicit Attended(const LayerEvidence& layer)
        : layer_(layer),
          weight_(layer.internals->output_weight.begin(), layer.internals->output_weight.end()),
          value_(layer.shape.key_heads * layer.shape.head_width),
          moved_(layer.shape.heads * layer.shape.width),
          column_(layer.tokens * layer.shape.heads),
          rows_(layer.tokens * layer.shape.width),
          without_(rows_.size()) {}

    /// [n, d].
    std::span<const float> without(std::size_t key) {
        const ModelShape& shape = layer_.shape;
        const std::size_t n = layer_.tokens;
        const std::size_t d = shape.width;
        const std::size_t w = shape.head_width;
        const auto value = layer_.internals->values.subspan(key * value_.size(), value_.size());
        std::copy(value.begin(), value.end(), value_.begin());
        for (std::size_t h = 0; h < shape.heads; ++h) {
            const std::size_t key_head = h / (shape.heads / shape.key_heads);
            multiply<double>(1, d, w, 1.0, {value_.data() + key_head * w, w}, Flip::no,
                             {weight_.data() + h * w, shape.heads * w}, Flip::yes, 0.0,
                             {moved_.data() + h * d, d});
            for (std::size_t i = 0; i < n; ++i)
                column_[i * shape.heads + h] = static_cast<double>(layer_.attention[(h * n + i) * n + key]);
        }
        std::copy(layer_.internals->attended.begin(), layer_.internals->attended.end(), rows_.begin());
        multiply<double>(n, d, shape.heads, -1.0, {column_.data(), shape.heads}, Flip::no, {moved_.data(), d},
                         Flip::no, 1.0, {rows_.data(), d});
        std::copy(rows_.begin(), rows_.end(), without_.begin());
        return without_;
    }

private:
    const LayerEvidence& layer_;
    std::vector<double> weight_;  // [d, H w]
    std::vector<double> value_;   // [G w] of the key
    std::vector<double> moved_;   // [H, d] after the output projection
    std::vector<double> column_;  // [n, H] attention to the key
    std::vector<double> rows_;    // [n, d]
    std::vector<float> without_;  // [n, d]
};

}  // namespace

EntryInfo ValueZeroing::describe() {
    return {.name = "value_zeroing",
            .summary = "how far the layer's output moves when the value of a token is set to zero",
            .paper = "Mohebbi et al. 2023, arXiv:2301.12971",
            .complexity = "O(n (d H w + n H d + n d f)) a layer",
            .parameters = {{.name = "distance",
                            .summary = "between the output with and without the value",
                            .fallback = std::string(cosine),
                            .choices = {cosine, euclidean}}},
            .promises = {attention_promise::rows_sum_to_one, edge_weight_promise::equivariant},
            .tolerance = 1e-5};  // differences of numbers in float
}

ValueZeroing::ValueZeroing(const Parameters& parameters)
    : is_cosine_(parameters.get<std::string>("distance") == cosine) {}

void ValueZeroing::weigh(const LayerEvidence& layer, std::span<float> out) const {
    const std::size_t n = layer.tokens;
    const std::size_t d = layer.shape.width;
    const LayerInternals& internals = *layer.internals;
    // Not internals.output, which a model that computes in double has made of more digits.
    std::vector<float> whole(n * d), changed(n * d);
    internals.finish(internals.attended, whole);
    Attended attended(layer);
    std::vector<double> moved(n * n);  // [query, key]
    for (std::size_t j = 0; j < n; ++j) {
        internals.finish(attended.without(j), changed);
        for (std::size_t i = 0; i < n; ++i) {
            const auto before = std::span<const float>(whole).subspan(i * d, d);
            const auto after = std::span<const float>(changed).subspan(i * d, d);
            moved[i * n + j] = is_cosine_ ? cosine_distance(after, before) : euclidean_distance(after, before);
        }
    }
    for (std::size_t i = 0; i < n; ++i) {
        const auto row = std::span(moved).subspan(i * n, n);
        const double sum = std::accumulate(row.begin(), row.end(), 0.0);
        if (sum == 0.0) row[i] = 1.0;
        for (std::size_t j = 0; j < n; ++j)
            out[i * n + j] = static_cast<float>(sum == 0.0 ? row[j] : row[j] / sum);
    }
}

std::vector<KnownWeights> ValueZeroing::known_answers() {
    // Without a feed forward step and with the norms before, the output is x_i + Σ_h,j A_h[i][j] W_h v_j. The
    // inputs are (1, 0) and (0, 1), the values 1 and 2, which head 0 moves to (v, 0) and head 1 to (v/2, 0).
    const LayerSample layer{
        .tokens = 2,
        .shape = {.layers = 1, .heads = 2, .key_heads = 1, .head_width = 1, .width = 2, .norm_before = true},
        .attention = {1, 0, 0.5f, 0.5f, 0, 1, 0, 1},
        .input = {1, 0, 0, 1},
        .values = {1, 2},
        .output_weight = {1, 0.5f, 0, 0}};
    // So the outputs are (1 + 1 + 1, 0) = (3, 0) and (0.5 + 1 + 1, 1) = (2.5, 1). Each value moves token 0 by 1,
    // along its own direction: no cosine changes. Token 1 becomes (2, 1) without the first value, (0.5, 1) without
    // the second.
    const double from_0 = 1.0 - (2.5 * 2.0 + 1.0) / (std::sqrt(7.25) * std::sqrt(5.0));
    const double from_1 = 1.0 - (2.5 * 0.5 + 1.0) / (std::sqrt(7.25) * std::sqrt(1.25));
    const auto share = static_cast<float>(from_0 / (from_0 + from_1));
    return {
        {"two tokens, the first of which moves along itself", layer, {1, 0, share, 1 - share}},
        {"the same two tokens by Euclidean distance", layer, {0.5f, 0.5f, 0.2f, 0.8f}, {{"distance", euclidean}}}};
}

}  // namespace attnflow
