#pragma once
/// One transformer for every family: runs a TransformerSpec (spec.hpp has the formulas) forwards and backwards.
///
/// The reverse pass is written out by hand, block by block, each beside its forward pass (blocks/). Only
/// derivatives by activations are wanted, never by weights, which a general autograd would prepare for and mostly
/// compute; the gradient of each attention matrix is a step on the way; and there is no small library to lean on.
/// Each block is tested by finite differences, the whole against a slow transformer of plain loops.
///
/// Cost of a forward pass of T = count · n tokens: O(L T d (d + f)) + O(L T n d); the reverse pass costs about as
/// much again. Memory: without a trace two layers' activations; with one, those of all layers but for the
/// attention, which is made again (self_attention.hpp). All is evaluation: no dropout.

#include <functional>
#include <optional>
#include <vector>

#include "attention/model/blocks/buffer.hpp"
#include "attention/model/spec.hpp"
#include "attention/model/token_batch.hpp"

namespace attnflow {

template <class Real>
struct LayerWeights {
    AttentionWeights<Real> attention = {};
    Norm<Real> attention_norm = {};  ///< N_1
    FeedForwardWeights<Real> feed_forward = {};
    Norm<Real> output_norm = {};  ///< N_2
};

template <class Real>
struct TransformerWeights {
    TransformerSpec spec = {};
    EmbeddingWeights<Real> embedding = {};
    std::vector<LayerWeights<Real>> layers = {};  ///< one for each layer of the spec, or one if they share it
    std::optional<Norm<Real>> final_norm = {};

    const LayerWeights<Real>& layer(std::size_t l) const { return layers[spec.shared_layers ? 0 : l]; }
};

/// What the reverse pass needs of a norm.
template <class Real>
struct NormMemory {
    Buffer<Real> normalised;  ///< [T, d]
    Buffer<Real> scale;       ///< [T]
};

/// What the reverse pass needs of one layer.
template <class Real>
struct LayerTrace {
    AttentionTrace<Real> attention;
    NormMemory<Real> attention_norm;
    FeedForwardTrace<Real> feed_forward;
    NormMemory<Real> output_norm;
};

template <class Real>
struct TransformerTrace {
    std::vector<LayerTrace<Real>> layers;
    NormMemory<Real> final_norm;
};

/// The rest of a layer, from what its attention adds to the skip connection on, with its memory, which the layers
/// of one pass use one after the other: T tokens, `jobs` threads. spec.hpp has the formulas.
template <class Real>
class LayerRest {
public:
    LayerRest(std::size_t tokens, std::size_t width, std::size_t jobs)
        : tokens_(tokens), size_(tokens * width), jobs_(jobs), feed_forward_(tokens, jobs) {}

    /// `output` [T, d] from the layer's input `x` and `attended`, both [T, d]. `first` gets what N_1 leaves where
    /// it comes after (before, it has been used already). `trace` may be null.  O(T d f).
    void run(const LayerSpec& spec, const LayerWeights<Real>& weights, const Real* x, const Real* attended,
             NormMemory<Real>& first, LayerTrace<Real>* trace, Real* output);
    /// From `middle` on.
    void run_middle(const LayerSpec& spec, const LayerWeights<Real>& weights, const Real* middle,
                    LayerTrace<Real>* trace, Real* output);

    /// Of the last run(): [T, d], and [T] of N_2.
    const Real* middle() const { return middle_.data(); }
    const Real* normed_middle() const { return normed_middle_; }
    const Real* fed_forward() const { return fed_forward_.data(); }
    const Real* output_scale() const { return output_scale_; }

private:
    std::size_t tokens_;
    std::size_t size_;  // T d
    std::size_t jobs_;
    NormMemory<Real> second_;  // of layers that are not traced
    FeedForward<Real> feed_forward_;
    Buffer<Real> middle_, normed_, fed_forward_;
    const Real* normed_middle_ = nullptr;
    const Real* output_scale_ = nullptr;
};

/// A layer that has just been computed; pointers are valid during the call only. [T, d] but for those that say so.
template <class Real>
struct LayerView {
    std::size_t layer;
    const Real* attention;        ///< [count, H, n, n]
    const Real* query_key_value;  ///< [T, projected_width]
    const Real* input;            ///< x
    const Real* normed_input;     ///< what queries, keys and values are made of: N_1(x) or x
    const Real* attended;         ///< what attention adds to the skip connection
    const Real* attention_scale;  ///< [T] of N_1
    const Real* middle;           ///< m
    const Real* normed_middle;    ///< what the feed forward step reads: N_2(m) or m
    const Real* fed_forward;      ///< what it adds to the skip connection
    const Real* output_scale;     ///< [T] of N_2
    const Real* output;           ///< x'
};
template <class Real>
using LayerVisitor = std::function<void(const LayerView<Real>&)>;

template <class Real>
using GradientVisitor = std::function<void(std::size_t layer, const Real* attention, const Real* gradient)>;

/// The hidden states, [count, length, d], to `hidden`. `trace` is filled when it is not null; `visit` (may be
/// empty) sees every layer, from the input. `batch` has been checked. On up to `jobs` threads; the result does not
/// depend on their number.
template <class Real>
void transformer_forward(const TransformerWeights<Real>& weights, const TokenBatch& batch, std::size_t jobs,
                         Buffer<Real>& hidden, TransformerTrace<Real>* trace, const LayerVisitor<Real>& visit);

/// Layer `layer` again, from its input [T, d]: `visit` is shown what transformer_forward() showed of it, to the
/// bit.
template <class Real>
void transformer_layer(const TransformerWeights<Real>& weights, const TokenBatch& batch, std::size_t jobs,
                       std::size_t layer, const Real* input, const LayerVisitor<Real>& visit);

/// From the gradient of the hidden states, in place, to that of x_0; embed_backward() goes on from there.
/// `visit` (may be empty) is given each layer's attention and its gradient, [count, H, n, n], from the top.
template <class Real>
void transformer_backward(const TransformerWeights<Real>& weights, const TokenBatch& batch, std::size_t jobs,
                          const TransformerTrace<Real>& trace, Real* gradient, const GradientVisitor<Real>& visit);

}  // namespace attnflow
