#include "attention/extract/edge_weights/weighing.hpp"

#include <algorithm>

namespace attnflow {

Weighing::Weighing(const std::vector<std::string>& calls) {
    const std::string where = "edge weights";
    for (const std::string& call : calls) {
        const std::string name = edge_weight_name(call, where);
        const auto has_name = [&](const Made& made) { return made.name == name; };
        if (std::any_of(made_.begin(), made_.end(), has_name)) continue;
        made_.push_back({name, edge_weights().make(call, where)});
        const EdgeWeightNeeds needs = made_.back().weight->needs();
        needs_gradient_ = needs_gradient_ || needs.gradient;
        bool& needs_internals = needs.gradient ? needs_gradient_internals_ : needs_internals_;
        needs_internals = needs_internals || needs.internals;
    }
}

void Weighing::weigh(const LayerEvidence& evidence, bool with_gradient, const Sink& sink) const {
    std::vector<float> matrix;
    for (const auto& [name, weight] : made_) {
        if (weight->needs_gradient() != with_gradient) continue;
        matrix.resize((weight->has_heads() ? evidence.shape.heads : 1) * evidence.tokens * evidence.tokens);
        weight->weigh(evidence, matrix);
        sink(name, evidence.layer, matrix);
    }
}

void Weighing::forward(const ModelShape& shape, std::size_t tokens, const LayerCapture& layer,
                       const Sink& sink) const {
    weigh({tokens, shape, layer.attention, {}, layer.internals, layer.layer}, false, sink);
}

void Weighing::backward(const ModelShape& shape, std::size_t tokens, const LayerCapture& layer,
                        std::span<const float> gradient, const Sink& sink) const {
    weigh({tokens, shape, layer.attention, gradient, layer.internals, layer.layer}, true, sink);
}

}  // namespace attnflow
