#include "attention/extract/edge_weights/layer_sample.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "graph/support/error.hpp"

namespace attnflow {
namespace {

constexpr double epsilon = 1e-12;  // under the roots of norms

void expect_size(const char* what, const std::vector<float>& values, std::size_t size) {
    if (values.size() == size) return;
    throw InternalError(fmt::format("layer sample: {} {}, expected {}", values.size(), what, size));
}

/// One row, in place; returns 1 / root.
double normalise(bool centered, std::span<double> row) {
    const auto width = static_cast<double>(row.size());
    double mean = 0.0;
    for (const double x : row) mean += centered ? x / width : 0.0;
    double square = 0.0;
    for (const double x : row) square += (x - mean) * (x - mean) / width;
    const double scale = 1.0 / std::sqrt(square + epsilon);
    for (double& x : row) x = (x - mean) * scale;
    return scale;
}

void store(std::span<const double> row, std::size_t t, std::vector<float>& matrix) {
    for (std::size_t c = 0; c < row.size(); ++c) matrix[t * row.size() + c] = static_cast<float>(row[c]);
}

std::vector<double> row_of(std::span<const float> matrix, std::size_t t, std::size_t width) {
    const auto begin = matrix.begin() + static_cast<std::ptrdiff_t>(t * width);
    return {begin, begin + static_cast<std::ptrdiff_t>(width)};
}

}  // namespace

SampledLayer::SampledLayer(const LayerSample& sample) : sample_(sample) {
    const ModelShape& shape = sample.shape;
    const std::size_t size = shape.heads * sample.tokens * sample.tokens;
    expect_size("weights of attention", sample.attention, size);
    if (!sample.attention_gradient.empty()) expect_size("gradients", sample.attention_gradient, size);
    if (sample.input.empty()) return;
    expect_size("numbers of the input", sample.input, sample.tokens * shape.width);
    expect_size("numbers of the values", sample.values, sample.tokens * shape.key_heads * shape.head_width);
    expect_size("output weights", sample.output_weight, shape.width * shape.heads * shape.head_width);
    if (!sample.output_bias.empty()) expect_size("output biases", sample.output_bias, shape.width);
    make_internals();
}

LayerEvidence SampledLayer::evidence() const {
    return {sample_.tokens, sample_.shape, sample_.attention, sample_.attention_gradient,
            sample_.input.empty() ? nullptr : &internals_};
}

std::vector<float> SampledLayer::attended() const {
    const ModelShape& shape = sample_.shape;
    const std::size_t n = sample_.tokens;
    const std::size_t w = shape.head_width;
    const auto at = [](const std::vector<float>& values, std::size_t i) { return static_cast<double>(values[i]); };
    std::vector<float> out(n * shape.width);
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t c = 0; c < shape.width; ++c) {
            double sum = sample_.output_bias.empty() ? 0.0 : at(sample_.output_bias, c);
            for (std::size_t h = 0; h < shape.heads; ++h) {
                const std::size_t key_head = h / (shape.heads / shape.key_heads);
                for (std::size_t j = 0; j < n; ++j) {
                    for (std::size_t k = 0; k < w; ++k) {
                        sum += at(sample_.attention, (h * n + i) * n + j) *
                               at(sample_.values, (j * shape.key_heads + key_head) * w + k) *
                               at(sample_.output_weight, (c * shape.heads + h) * w + k);
                    }
                }
            }
            out[i * shape.width + c] = static_cast<float>(sum);
        }
    }
    return out;
}

SampledLayer::Rest SampledLayer::rest(std::span<const float> attended) const {
    const std::size_t d = sample_.shape.width;
    std::vector<float> scale(sample_.tokens), middle(attended.size());
    for (std::size_t t = 0; t < sample_.tokens; ++t) {
        std::vector<double> row = row_of(attended, t, d);
        for (std::size_t c = 0; c < d; ++c) row[c] += static_cast<double>(sample_.input[t * d + c]);
        if (!sample_.shape.norm_before) scale[t] = static_cast<float>(normalise(sample_.centered, row));
        store(row, t, middle);
    }
    Rest made = rest_of_middle(middle);
    made.attention_scale = std::move(scale);
    return made;
}

SampledLayer::Rest SampledLayer::rest_of_middle(std::span<const float> middle) const {
    const std::size_t d = sample_.shape.width;
    Rest made;
    made.middle.assign(middle.begin(), middle.end());
    for (auto* matrix : {&made.normed_middle, &made.fed_forward, &made.output}) matrix->resize(middle.size());
    made.output_scale.resize(sample_.tokens);
    for (std::size_t t = 0; t < sample_.tokens; ++t) {
        std::vector<double> row = row_of(middle, t, d);
        std::vector<double> read = row;
        std::vector<double> added(d);
        float& scale = made.output_scale[t];
        if (sample_.shape.norm_before) scale = static_cast<float>(normalise(sample_.centered, read));
        if (sample_.feed_forward) sample_.feed_forward(read, added);
        for (std::size_t c = 0; c < d; ++c) row[c] += added[c];
        if (!sample_.shape.norm_before) scale = static_cast<float>(normalise(sample_.centered, row));
        store(read, t, made.normed_middle);
        store(added, t, made.fed_forward);
        store(row, t, made.output);
    }
    return made;
}

void SampledLayer::make_internals() {
    const ModelShape& shape = sample_.shape;
    const std::size_t d = shape.width;
    gamma_.assign(d, 1.0f);
    beta_.assign(d, 0.0f);
    attended_ = attended();
    rest_ = rest(attended_);
    normed_input_ = sample_.input;
    if (shape.norm_before) {
        rest_.attention_scale.resize(sample_.tokens);
        for (std::size_t t = 0; t < sample_.tokens; ++t) {
            std::vector<double> row = row_of(sample_.input, t, d);
            rest_.attention_scale[t] = static_cast<float>(normalise(sample_.centered, row));
            store(row, t, normed_input_);
        }
    }
    internals_ = {.norm_before = shape.norm_before,
                  .input = sample_.input,
                  .normed_input = normed_input_,
                  .values = sample_.values,
                  .output_weight = sample_.output_weight,
                  .output_bias = sample_.output_bias,
                  .attended = attended_,
                  .attention_norm = {sample_.centered, rest_.attention_scale, gamma_, beta_},
                  .middle = rest_.middle,
                  .normed_middle = rest_.normed_middle,
                  .fed_forward = rest_.fed_forward,
                  .output_norm = {sample_.centered, rest_.output_scale, gamma_, beta_},
                  .output = rest_.output};
    internals_.finish = [this](std::span<const float> rows, std::span<float> output) {
        std::ranges::copy(rest(rows).output, output.begin());
    };
    internals_.finish_middle = [this](std::span<const float> rows, std::span<float> output) {
        std::ranges::copy(rest_of_middle(rows).output, output.begin());
    };
}

}  // namespace attnflow
