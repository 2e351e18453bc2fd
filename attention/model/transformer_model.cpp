#include "attention/model/transformer_model.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "attention/model/transformer.hpp"
#include "graph/support/error.hpp"

namespace attnflow {
namespace {

/// Values as float: a view where they are float already, else a copy in `memory`.
template <class Real>
std::span<const float> as_float(const Real* values, std::size_t count, std::vector<float>& memory) {
    if constexpr (sizeof(Real) == sizeof(float)) {
        static_cast<void>(memory);
        return {values, count};
    } else {
        memory.assign(values, values + count);
        return memory;
    }
}

/// Turns the transformer's view of a layer into what observers are promised.
template <class Real>
class Capture {
public:
    Capture(const TransformerWeights<Real>& weights, const TokenBatch& batch, std::size_t jobs, bool internals)
        : weights_(weights),
          tokens_(batch.tokens()),
          length_(batch.length),
          internals_(internals),
          rest_(tokens_, weights.spec.width, jobs) {}

    void show(const LayerView<Real>& view, const LayerObserver& observer) {
        const std::size_t size = tokens_ * length_ * weights_.spec.attention().heads;
        LayerCapture capture{view.layer, as_float(view.attention, size, attention_), nullptr};
        LayerInternals internals;
        if (internals_) {
            fill(view, internals);
            capture.internals = &internals;
        }
        observer(capture);
    }

private:
    void fill(const LayerView<Real>& view, LayerInternals& out) {
        const LayerSpec& spec = weights_.spec.layers[view.layer];
        const LayerWeights<Real>& w = weights_.layer(view.layer);
        const std::size_t size = tokens_ * weights_.spec.width;
        used_ = 0;
        out.norm_before = spec.norm_place == NormPlace::before;
        out.input = keep(view.input, size);
        out.normed_input = keep(view.normed_input, size);
        out.values = keep(values_of(view.query_key_value, spec.attention), tokens_ * spec.attention.key_width());
        out.output_weight = keep(w.attention.output.weight);
        out.output_bias = keep(w.attention.output.bias);
        out.attended = keep(view.attended, size);
        out.attention_norm = internals_of(w.attention_norm, view.attention_scale);
        out.middle = keep(view.middle, size);
        out.normed_middle = keep(view.normed_middle, size);
        out.fed_forward = keep(view.fed_forward, size);
        out.output_norm = internals_of(w.output_norm, view.output_scale);
        out.output = keep(view.output, size);
        out.finish = [this, &spec, &w, x = view.input](std::span<const float> attended, std::span<float> output) {
            finish(attended, output,
                   [&](const Real* from, Real* to) { rest_.run(spec, w, x, from, first_, nullptr, to); });
        };
        out.finish_middle = [this, &spec, &w](std::span<const float> middle, std::span<float> output) {
            finish(middle, output,
                   [&](const Real* from, Real* to) { rest_.run_middle(spec, w, from, nullptr, to); });
        };
    }

    /// run(rows, output), in the numbers of the model.
    template <class Run>
    void finish(std::span<const float> rows, std::span<float> output, const Run& run) {
        const std::size_t size = tokens_ * weights_.spec.width;
        if (rows.size() != size || output.size() != size) {
            throw InternalError(fmt::format("rest of a layer: {} numbers for {}, expected {} tokens of width {}",
                                            rows.size(), output.size(), tokens_, weights_.spec.width));
        }
        if constexpr (sizeof(Real) == sizeof(float)) {
            run(rows.data(), output.data());
        } else {
            rest_rows_.assign(rows.begin(), rows.end());
            rest_output_.resize(size);
            run(rest_rows_.data(), rest_output_.data());
            std::copy(rest_output_.begin(), rest_output_.end(), output.begin());
        }
    }

    /// The last columns of the projections.
    const Real* values_of(const Real* projected, const AttentionSpec& spec) {
        const std::size_t width = spec.key_width();
        const std::size_t stride = spec.projected_width();
        values_.resize(tokens_ * width);
        for (std::size_t t = 0; t < tokens_; ++t)
            std::copy_n(projected + (t + 1) * stride - width, width, values_.data() + t * width);
        return values_.data();
    }

    NormInternals internals_of(const Norm<Real>& norm, const Real* scale) {
        return {norm.spec.kind == NormKind::layer_norm, keep(scale, tokens_), keep(norm.gamma), keep(norm.beta)};
    }

    std::span<const float> keep(const std::vector<Real>& values) { return keep(values.data(), values.size()); }
    std::span<const float> keep(const Real* values, std::size_t count) {
        if (used_ == memory_.size()) memory_.emplace_back();
        return as_float(values, count, memory_[used_++]);
    }

    const TransformerWeights<Real>& weights_;
    std::size_t tokens_;
    std::size_t length_;
    bool internals_;
    LayerRest<Real> rest_;
    NormMemory<Real> first_;  // of the rest, where N_1 is part of it
    std::vector<Real> rest_rows_, rest_output_;
    std::vector<float> attention_;
    std::vector<Real> values_;
    std::vector<std::vector<float>> memory_;  // of the layer at hand, where it is in double
    std::size_t used_ = 0;
};

template <class Real>
class TransformerModel final : public Model {
public:
    TransformerModel(const ModelPlan& plan, const WeightFiles& files)
        : weights_(load_transformer<Real>(plan.transformer, plan.names, files)),
          output_(make_head<Real>(plan.output, plan.transformer.width, files)) {
        const TransformerSpec& spec = plan.transformer;
        shape_ = {.layers = spec.layers.size(),
                  .heads = spec.attention().heads,
                  .key_heads = spec.attention().key_heads,
                  .head_width = spec.attention().head_width,
                  .width = spec.width,
                  .norm_before = spec.layers.front().norm_place == NormPlace::before,
                  .embedding_width = spec.embedding.width,
                  .positions = spec.positions,
                  .vocabulary = spec.embedding.vocabulary,
                  .types = std::max<std::size_t>(1, spec.embedding.types),
                  .task = plan.output.task,
                  .outputs = plan.output.outputs,
                  .labels = plan.output.labels};
    }

    const ModelShape& shape() const override { return shape_; }

    RowMajor<double> forward(const TokenBatch& batch, const ForwardOptions& options) const override {
        check_batch(shape_, batch);
        const std::size_t position = output_position(batch, options);
        Capture<Real> capture(weights_, batch, options.jobs, options.internals);
        LayerVisitor<Real> visit;
        if (options.observer) visit = [&](const LayerView<Real>& view) { capture.show(view, options.observer); };
        Buffer<Real> hidden;
        transformer_forward<Real>(weights_, batch, options.jobs, hidden, nullptr, visit);
        RowMajor<double> out(batch.count, shape_.outputs);
        const auto logits = output_->forward(batch, position, hidden.data(), options.jobs);
        expect_outputs(logits.size(), out.values().size());
        std::copy(logits.begin(), logits.end(), out.values().begin());
        return out;
    }

    Gradients gradients(const TokenBatch& batch, const ForwardOptions& options, const OutputFunction& function,
                        const AttentionGradientObserver& attention_gradients) const override {
        check_batch(shape_, batch);
        if (batch.count != 1) throw ParameterError("gradients: expected a batch of one input");
        if (!has_outputs(shape_.task))
            throw ParameterError("gradients: the model has no output layer, expected one whose outputs to derive");
        const std::size_t position = output_position(batch, options);
        const std::size_t d = shape_.width;
        Capture<Real> capture(weights_, batch, options.jobs, options.internals);
        const bool again = attention_gradients && options.gradient_internals;
        std::vector<std::vector<Real>> inputs;  // of the layers that are computed again
        LayerVisitor<Real> visit_layer;
        if (options.observer || again) {
            visit_layer = [&](const LayerView<Real>& view) {
                if (again) inputs.emplace_back(view.input, view.input + batch.length * d);
                if (options.observer) capture.show(view, options.observer);
            };
        }
        Buffer<Real> hidden;
        TransformerTrace<Real> trace;
        transformer_forward<Real>(weights_, batch, options.jobs, hidden, &trace, visit_layer);
        const auto logits = output_->forward(batch, position, hidden.data(), options.jobs);
        expect_outputs(logits.size(), shape_.outputs);

        Gradients out{{logits.begin(), logits.end()},
                      0.0,
                      RowMajor<double>(batch.length, shape_.embedding_width),
                      RowMajor<double>(batch.length, shape_.embedding_width)};
        std::vector<double> logits_gradient(out.logits.size());
        out.value = function(out.logits, logits_gradient);
        auto gradient =
            output_->backward(batch, position, hidden.data(), {logits_gradient.begin(), logits_gradient.end()});
        expect_outputs(gradient.size(), batch.length * d);

        GradientVisitor<Real> visit;
        Capture<Real> captured_again(weights_, batch, options.jobs, again);
        std::vector<float> attention_memory, gradient_memory;
        if (attention_gradients) {
            visit = [&](std::size_t layer, const Real* attention, const Real* attention_gradient) {
                const std::size_t size = shape_.heads * batch.length * batch.length;
                const auto by_attention = as_float(attention_gradient, size, gradient_memory);
                if (!again) {
                    attention_gradients({layer, as_float(attention, size, attention_memory), nullptr},
                                        by_attention);
                    return;
                }
                transformer_layer<Real>(weights_, batch, options.jobs, layer, inputs[layer].data(),
                                        [&](const LayerView<Real>& view) {
                                            captured_again.show(view, [&](const LayerCapture& layer_again) {
                                                attention_gradients(layer_again, by_attention);
                                            });
                                        });
            };
        }
        transformer_backward<Real>(weights_, batch, options.jobs, trace, gradient.data(), visit);
        const EmbeddingSpec& embedding = weights_.spec.embedding;
        embed_backward<Real>(embedding, weights_.embedding, batch, gradient.data(), out.word.values().data());
        for (std::size_t t = 0; t < batch.length; ++t) {
            std::copy_n(word_embedding(embedding, weights_.embedding, batch.ids[t]), embedding.width,
                        out.embedding.row(t).begin());
        }
        return out;
    }

private:
    /// A head of an outside architecture may be wrong.
    static void expect_outputs(std::size_t size, std::size_t expected) {
        if (size == expected) return;
        throw InternalError(fmt::format("the output head gives {} numbers, expected {}", size, expected));
    }

    std::size_t output_position(const TokenBatch& batch, const ForwardOptions& options) const {
        if (!has_positions(shape_.task)) return 0;
        if (options.position >= batch.length) {
            throw ParameterError(fmt::format("output position {} does not exist, the {} positions count from 0",
                                             options.position, batch.length));
        }
        return options.position;
    }

    TransformerWeights<Real> weights_;
    std::unique_ptr<OutputHead<Real>> output_;
    ModelShape shape_;
};

}  // namespace

std::unique_ptr<Model> make_model(const ModelPlan& plan, const WeightFiles& files, Precision precision) {
    if (precision == Precision::float64) return std::make_unique<TransformerModel<double>>(plan, files);
    return std::make_unique<TransformerModel<float>>(plan, files);
}

}  // namespace attnflow
