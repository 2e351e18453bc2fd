#include "attention/extract/attend.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "attention/extract/text_run.hpp"
#include "attention/extract/unknown_words.hpp"
#include "attention/model/text_model.hpp"
#include "attention/network/heads/head_aggregator.hpp"
#include "graph/support/error.hpp"

namespace attnflow {
namespace {

template <class Real>
TensorView view_of(const std::string& name, const Real* values, std::vector<std::size_t> shape) {
    return {name, sizeof(Real) == sizeof(float) ? DType::f32 : DType::f64, std::move(shape),
            reinterpret_cast<const std::byte*>(values)};
}

/// What must live as long as the example: matrices one by one, views of which become an AttentionStack.
struct Kept {
    std::vector<std::vector<float>> whole;   ///< [H, n, n] a layer, or
    std::vector<std::vector<double>> fused;  ///< [n, n] a layer
    std::vector<float> weights;              ///< [L, H, n, n] or [L, n, n], or
    std::vector<double> fused_weights;       ///< [L, n, n]
};

/// Null when the strategy needs all heads of all layers.
std::unique_ptr<HeadFamily::Interface> strategy_for(const std::string& heads, const ModelShape& shape) {
    if (heads.empty()) return nullptr;
    auto strategy = head_strategies().make(heads, "heads");
    const auto heads_only = AttentionStack::from_values(1, shape.heads, 1, std::vector<double>(shape.heads, 1.0));
    strategy->check(heads_only);
    if (strategy->depends_on_source_layer() || !strategy->passes(heads_only).empty()) return nullptr;
    return strategy;
}

}  // namespace

Attended attend(const TextModel& model, const std::string& text, const std::string& id,
                const AttendOptions& options) {
    const bool weighs = !options.weights.empty();
    const Weighing weighing(weighs ? std::vector{options.weights} : std::vector<std::string>{});
    const ModelShape& shape = model.model->shape();
    if (weighing.needs_gradient())
        resolve(options.target, model, std::vector<double>(shape.outputs), std::nullopt);
    if (weighing.needs_gradient()) expect_scale(options.scale, model);
    const Encoding encoding = model.encode(text, options.pair, id);
    const std::size_t n = encoding.ids.size();
    const auto strategy = strategy_for(weighs ? "mean" : options.heads, shape);

    const auto kept = std::make_shared<Kept>();
    std::vector<TensorView> layers;
    const bool has_heads = weighs && weighing.made().front().weight->has_heads();
    const auto weight_strategy = has_heads ? strategy_for(options.heads, shape) : nullptr;
    if (weight_strategy != nullptr) {
        kept->fused_weights.resize(shape.layers * n * n);
    } else if (weighs) {
        kept->weights.resize(shape.layers * (has_heads ? shape.heads : 1) * n * n);
    }
    const Weighing::Sink keep_weights = [&](const std::string& name, std::size_t layer,
                                            std::span<const float> made) {
        if (weight_strategy == nullptr) {
            std::copy(made.begin(), made.end(), kept->weights.data() + layer * made.size());
            return;
        }
        const auto one =
            AttentionStack::from_chain({view_of(name, made.data(), {shape.heads, n, n})}, nullptr, id);
        weight_strategy->fuse(one, 0, std::span(kept->fused_weights).subspan(layer * n * n, n * n));
    };
    const auto keep = [&](const LayerCapture& layer) {
        if (strategy == nullptr) {
            const auto& whole = kept->whole.emplace_back(layer.attention.begin(), layer.attention.end());
            layers.push_back(view_of("attentions", whole.data(), {shape.heads, n, n}));
        } else {
            const AttentionStack one({view_of("attentions", layer.attention.data(), {shape.heads, n, n})}, nullptr,
                                     id);
            auto& fused = kept->fused.emplace_back(n * n);
            strategy->fuse(one, 0, fused);
            layers.push_back(view_of("attentions", fused.data(), {n, n}));
        }
    };
    const auto masked = masked_position(model, encoding);
    const std::size_t position =
        weighing.needs_gradient() ? output_position(model, encoding, id) : masked.value_or(0);  // or refuses
    std::vector<double> logits = run_text(model, encoding, weighing,
                                          {.position = position,
                                           .jobs = options.jobs,
                                           .target = options.target,
                                           .scale = options.scale,
                                           .on_layer = keep,
                                           .on_weights = keep_weights})
                                     .logits;
    Attended result{
        {id,
         encoding.tokens,
         strategy == nullptr ? AttentionStack(layers, kept, id) : AttentionStack::from_chain(layers, kept, id),
         {},
         {}},
        encoding,
        std::move(logits),
        weighs ? weight_strategy != nullptr : strategy != nullptr};
    if (weighs) {
        const std::string& name = weighing.made().front().name;
        result.example.weights[name] = weight_strategy != nullptr
                                           ? view_of(name, kept->fused_weights.data(), {shape.layers, n, n})
                                           : view_of(name, kept->weights.data(),
                                                     has_heads ? std::vector{shape.layers, shape.heads, n, n}
                                                               : std::vector{shape.layers, n, n});
    }
    result.example.masked = masked;
    result.example.word_ids = encoding.words;
    result.example.unknown = unknown_words(model, encoding);
    if (has_classes(shape.task))
        result.example.predicted = static_cast<std::int64_t>(predicted_output(result.outputs));
    return result;
}

}  // namespace attnflow
