#include "attention/extract/edge_weights/weighing.hpp"

namespace attnflow {

Weighing::Weighing(const std::vector<std::string>& names) {
    for (const std::string& name : names) {
        const auto& weight = weights_.emplace_back(name, edge_weights().at(name).make()).second;
        needs_gradient_ = needs_gradient_ || weight->needs_gradient();
        needs_internals_ = needs_internals_ || weight->needs_internals();
    }
}

void Weighing::weigh(std::size_t layer, const LayerEvidence& evidence, bool with_gradient,
                     const Sink& sink) const {
    std::vector<float> matrix;
    for (const auto& [name, weight] : weights_) {
        if (weight->needs_gradient() != with_gradient) continue;
        matrix.resize((weight->has_heads() ? evidence.shape.heads : 1) * evidence.tokens * evidence.tokens);
        weight->weigh(evidence, matrix);
        sink(name, layer, matrix);
    }
}

void Weighing::forward(const ModelShape& shape, std::size_t tokens, const LayerCapture& layer,
                       const Sink& sink) const {
    weigh(layer.layer, {tokens, shape, layer.attention, {}, layer.internals}, false, sink);
}

void Weighing::backward(const ModelShape& shape, std::size_t tokens, std::size_t layer,
                        std::span<const float> attention, std::span<const float> gradient,
                        const Sink& sink) const {
    weigh(layer, {tokens, shape, attention, gradient, nullptr}, true, sink);
}

}  // namespace attnflow
