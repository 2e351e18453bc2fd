#include "attention/model/transformer.hpp"

#include <utility>

#include "attention/model/blocks/in_blocks.hpp"

namespace attnflow {
namespace {

template <class Real>
NormTrace<const Real> view(const NormMemory<Real>& memory) {
    return {memory.normalised.data(), memory.scale.data()};
}

/// out = x + y.
template <class Real>
void add(std::size_t count, const Real* x, const Real* y, Real* out, std::size_t jobs) {
    in_blocks(count, 1, jobs, [&](std::size_t first, std::size_t length) {
        for (std::size_t i = first; i < first + length; ++i) out[i] = x[i] + y[i];
    });
}

/// out = norm(x + y); what the norm leaves goes to `memory`, the normalised rows only where they are kept.
template <class Real>
void normalise(const Norm<Real>& layer, std::size_t tokens, const Real* x, const Real* y, Real* out,
               NormMemory<Real>& memory, bool traced, std::size_t jobs) {
    Real* normalised = traced ? memory.normalised.resize(tokens * layer.gamma.size()) : nullptr;
    norm<Real>(layer, tokens, x, y, out, {normalised, memory.scale.resize(tokens)}, jobs);
}

template <class Real>
class Forward {
public:
    Forward(const TransformerWeights<Real>& weights, const TokenBatch& batch, std::size_t jobs)
        : weights_(weights),
          batch_(batch),
          jobs_(jobs),
          tokens_(batch.tokens()),
          size_(tokens_ * weights.spec.width),
          attention_(batch.count, batch.length, jobs),
          rest_(tokens_, weights.spec.width, jobs) {}

    void run(Buffer<Real>& hidden, TransformerTrace<Real>* trace, const LayerVisitor<Real>& visit) {
        const TransformerSpec& spec = weights_.spec;
        if (trace != nullptr) trace->layers.resize(spec.layers.size());
        embed(spec.embedding, weights_.embedding, batch_, hidden.resize(size_), jobs_);
        for (std::size_t l = 0; l < spec.layers.size(); ++l) {
            LayerTrace<Real>* kept = trace != nullptr ? &trace->layers[l] : nullptr;
            layer(l, hidden.data(), kept, visit);
            std::swap(hidden, next_);
        }
        if (!weights_.final_norm) return;
        NormMemory<Real>& memory = trace != nullptr ? trace->final_norm : first_;
        normalise<Real>(*weights_.final_norm, tokens_, hidden.data(), nullptr, hidden.data(), memory,
                        trace != nullptr, jobs_);
    }

    /// From `x` to next_. Nothing is kept for the reverse pass where `trace` is null.
    void layer(std::size_t l, const Real* x, LayerTrace<Real>* trace, const LayerVisitor<Real>& visit) {
        const LayerSpec& spec = weights_.spec.layers[l];
        const LayerWeights<Real>& w = weights_.layer(l);
        const bool traced = trace != nullptr;
        NormMemory<Real>& first = traced ? trace->attention_norm : first_;
        const Real* normed_input = x;
        if (spec.norm_place == NormPlace::before) {
            Real* normed = normed_.resize(size_);
            normalise<Real>(w.attention_norm, tokens_, x, nullptr, normed, first, traced, jobs_);
            normed_input = normed;
        }
        Real* attended = attended_.resize(size_);
        attention_.forward(spec.attention, w.attention, normed_input, traced ? &trace->attention : nullptr,
                           static_cast<bool>(visit), attended);
        Real* next = next_.resize(size_);
        rest_.run(spec, w, x, attended, first, trace, next);
        if (visit) {
            visit({l, attention_.attention(), attention_.query_key_value(), x, normed_input, attended,
                   first.scale.data(), rest_.middle(), rest_.normed_middle(), rest_.fed_forward(),
                   rest_.output_scale(), next});
        }
    }

private:
    const TransformerWeights<Real>& weights_;
    const TokenBatch& batch_;
    std::size_t jobs_;
    std::size_t tokens_;
    std::size_t size_;        // T d
    NormMemory<Real> first_;  // of layers that are not traced
    SelfAttention<Real> attention_;
    LayerRest<Real> rest_;
    Buffer<Real> normed_, attended_, next_;
};

template <class Real>
class Backward {
public:
    Backward(const TransformerWeights<Real>& weights, const TokenBatch& batch, std::size_t jobs)
        : weights_(weights),
          jobs_(jobs),
          tokens_(batch.tokens()),
          size_(tokens_ * weights.spec.width),
          attention_(batch.count, batch.length, jobs),
          feed_forward_(tokens_, jobs) {}

    void run(const TransformerTrace<Real>& trace, Real* gradient, const GradientVisitor<Real>& visit) {
        if (weights_.final_norm)
            norm_backward<Real>(*weights_.final_norm, tokens_, view(trace.final_norm), gradient, jobs_);
        for (std::size_t l = weights_.spec.layers.size(); l-- > 0;) {
            layer(l, trace.layers[l], gradient, static_cast<bool>(visit));
            if (visit) visit(l, attention_.attention(), attention_.attention_gradient());
        }
    }

private:
    /// `gradient`: of the layer's output on entry, of its input on return. A sum with a skip connection hands its
    /// gradient to both terms, so each step adds to what is there.
    void layer(std::size_t l, const LayerTrace<Real>& trace, Real* gradient, bool keep_attention) {
        const LayerSpec& spec = weights_.spec.layers[l];
        const LayerWeights<Real>& w = weights_.layer(l);
        if (spec.norm_place == NormPlace::after) {
            norm_backward<Real>(w.output_norm, tokens_, view(trace.output_norm), gradient, jobs_);
            feed_forward_.backward(spec.feed_forward, w.feed_forward, trace.feed_forward, gradient, Real(1),
                                   gradient);
            norm_backward<Real>(w.attention_norm, tokens_, view(trace.attention_norm), gradient, jobs_);
            attention_.backward(spec.attention, w.attention, trace.attention, gradient, Real(1), gradient,
                                keep_attention);
            return;
        }
        Real* branch = branch_.resize(size_);
        feed_forward_.backward(spec.feed_forward, w.feed_forward, trace.feed_forward, gradient, Real(0), branch);
        norm_backward<Real>(w.output_norm, tokens_, view(trace.output_norm), branch, jobs_);
        add(size_, static_cast<const Real*>(gradient), branch, gradient, jobs_);
        attention_.backward(spec.attention, w.attention, trace.attention, gradient, Real(0), branch,
                            keep_attention);
        norm_backward<Real>(w.attention_norm, tokens_, view(trace.attention_norm), branch, jobs_);
        add(size_, static_cast<const Real*>(gradient), branch, gradient, jobs_);
    }

    const TransformerWeights<Real>& weights_;
    std::size_t jobs_;
    std::size_t tokens_;
    std::size_t size_;
    SelfAttention<Real> attention_;
    FeedForward<Real> feed_forward_;
    Buffer<Real> branch_;
};

}  // namespace

template <class Real>
void LayerRest<Real>::run(const LayerSpec& spec, const LayerWeights<Real>& weights, const Real* x,
                          const Real* attended, NormMemory<Real>& first, LayerTrace<Real>* trace, Real* output) {
    Real* middle = middle_.resize(size_);
    if (spec.norm_place == NormPlace::before) {
        add(size_, x, attended, middle, jobs_);
    } else {
        normalise(weights.attention_norm, tokens_, x, attended, middle, first, trace != nullptr, jobs_);
    }
    run_middle(spec, weights, middle, trace, output);
}

template <class Real>
void LayerRest<Real>::run_middle(const LayerSpec& spec, const LayerWeights<Real>& weights, const Real* middle,
                                 LayerTrace<Real>* trace, Real* output) {
    const bool before = spec.norm_place == NormPlace::before;
    const bool traced = trace != nullptr;
    NormMemory<Real>& second = traced ? trace->output_norm : second_;
    normed_middle_ = middle;
    if (before) {
        Real* normed = normed_.resize(size_);
        normalise<Real>(weights.output_norm, tokens_, middle, nullptr, normed, second, traced, jobs_);
        normed_middle_ = normed;
    }
    Real* fed_forward = fed_forward_.resize(size_);
    feed_forward_.forward(spec.feed_forward, weights.feed_forward, normed_middle_,
                          traced ? &trace->feed_forward : nullptr, fed_forward);
    if (before) {
        add<Real>(size_, middle, fed_forward, output, jobs_);
    } else {
        normalise<Real>(weights.output_norm, tokens_, middle, fed_forward, output, second, traced, jobs_);
    }
    output_scale_ = second.scale.data();
}

template <class Real>
void transformer_forward(const TransformerWeights<Real>& weights, const TokenBatch& batch, std::size_t jobs,
                         Buffer<Real>& hidden, TransformerTrace<Real>* trace, const LayerVisitor<Real>& visit) {
    Forward<Real>(weights, batch, jobs).run(hidden, trace, visit);
}

template <class Real>
void transformer_layer(const TransformerWeights<Real>& weights, const TokenBatch& batch, std::size_t jobs,
                       std::size_t layer, const Real* input, const LayerVisitor<Real>& visit) {
    Forward<Real>(weights, batch, jobs).layer(layer, input, nullptr, visit);
}

template <class Real>
void transformer_backward(const TransformerWeights<Real>& weights, const TokenBatch& batch, std::size_t jobs,
                          const TransformerTrace<Real>& trace, Real* gradient,
                          const GradientVisitor<Real>& visit) {
    Backward<Real>(weights, batch, jobs).run(trace, gradient, visit);
}

#define ATTNFLOW_TRANSFORMER(Real)                                                                                \
    template class LayerRest<Real>;                                                                               \
    template void transformer_layer(const TransformerWeights<Real>&, const TokenBatch&, std::size_t, std::size_t, \
                                    const Real*, const LayerVisitor<Real>&);                                      \
    template void transformer_forward(const TransformerWeights<Real>&, const TokenBatch&, std::size_t,            \
                                      Buffer<Real>&, TransformerTrace<Real>*, const LayerVisitor<Real>&);         \
    template void transformer_backward(const TransformerWeights<Real>&, const TokenBatch&, std::size_t,           \
                                       const TransformerTrace<Real>&, Real*, const GradientVisitor<Real>&);
ATTNFLOW_TRANSFORMER(float)
ATTNFLOW_TRANSFORMER(double)
#undef ATTNFLOW_TRANSFORMER

}  // namespace attnflow
