#pragma once
/// BERT's encoder, exactly as Hugging Face's BertModel evaluates it: learned positions and
/// token types, LayerNorm after each skip connection (post-LN), GELU with erf.
///
///   x_0 = LN(word + position + type)
///   A   = softmax(Q K^T / sqrt(d/H)) for each head,   u = concat(A V) W_O + b_O
///   m   = LN(x + u),   x' = LN(m + gelu(m W_1 + b_1) W_2 + b_2)
///
/// Devlin et al. 2019, arXiv:1810.04805; Vaswani et al. 2017, arXiv:1706.03762.
///
/// The reverse pass is written out by hand. Only derivatives with respect to activations are
/// wanted, never weights, which a general autograd would prepare for and mostly compute; the gradient
/// of each attention matrix is a step on the way; and there is no small autodiff library to lean on.
/// Each step is tested by finite differences.
///
/// Cost of a forward pass of T = count · n tokens: O(T d (d + f)) + O(T n d); the reverse pass costs
/// about as much again. Memory: without a trace two layers' activations; with one, those of all. Attention is
/// no part of the trace: it grows with n^2, and the reverse pass makes that of a head again from its queries
/// and keys for a few percent of the time. So whatever is asked for, the attention of one layer is in memory.

#include <cmath>
#include <functional>
#include <vector>

#include "attention/model/bert/weights.hpp"
#include "attention/model/blocks/buffer.hpp"
#include "attention/model/blocks/kernels.hpp"
#include "attention/model/model.hpp"
#include "graph/support/gemm.hpp"

namespace attnflow {

/// What the reverse pass needs of one layer.
template <class Real>
struct BertLayerTrace {
    Buffer<Real> query_key_value;       ///< [T, 3 d]
    Buffer<Real> attention_normalised;  ///< [T, d], first LayerNorm
    Buffer<Real> attention_scale;       ///< [T]
    Buffer<Real> inner;                 ///< [T, f], before GELU
    Buffer<Real> output_normalised;     ///< [T, d], second LayerNorm
    Buffer<Real> output_scale;          ///< [T]
};

template <class Real>
struct BertTrace {
    std::vector<BertLayerTrace<Real>> layers;
};

/// A layer that has just been computed; pointers are valid during the call only.
template <class Real>
struct BertLayerView {
    std::size_t layer;
    const Real* attention;        ///< [count, H, n, n]
    const Real* query_key_value;  ///< [T, 3 d]
    const Real* input;            ///< [T, d], as all below
    const Real* attended;
    const Real* attention_scale;  ///< [T]
    const Real* middle;
    const Real* fed_forward;
    const Real* output_scale;  ///< [T]
    const Real* output;
};
template <class Real>
using BertLayerVisitor = std::function<void(const BertLayerView<Real>&)>;

template <class Real>
using BertGradientVisitor = std::function<void(std::size_t layer, const Real* attention, const Real* gradient)>;

/// What the first LayerNorm gets for token t of the batch: word + type + position, [d].
template <class Real, class Out>
void embedding_sum(const BertWeights<Real>& weights, const TokenBatch& batch, std::size_t t, Out* sum) {
    const std::size_t d = weights.config.width;
    const Real* word = weights.words.data() + static_cast<std::size_t>(batch.ids[t]) * d;
    const Real* type = weights.types.data() + static_cast<std::size_t>(batch.type_ids[t]) * d;
    const Real* position = weights.positions.data() + t % batch.length * d;
    for (std::size_t j = 0; j < d; ++j) sum[j] = static_cast<Out>(word[j]) + type[j] + position[j];
}

/// One head of one input: its rows of query, key and value, as they lie in [T, 3 d].
template <class Real>
class HeadProjections {
public:
    /// `piece` counts the heads of all inputs, those of an input side by side.
    HeadProjections(const BertConfig& config, std::size_t length, std::size_t piece, Real* query_key_value)
        : n_(length), width_(config.head_width()), stride_(3 * config.width), d_(config.width) {
        first_ = query_key_value + piece / config.heads * n_ * stride_ + piece % config.heads * width_;
    }
    MatrixRef<Real> query() const { return {first_, stride_}; }
    MatrixRef<Real> key() const { return {first_ + d_, stride_}; }
    MatrixRef<Real> value() const { return {first_ + 2 * d_, stride_}; }
    std::remove_const_t<Real> score_scale() const {
        using Plain = std::remove_const_t<Real>;
        return Plain(1) / std::sqrt(static_cast<Plain>(width_));
    }

    /// softmax(Q K^T / sqrt(d/H)), [n, n].
    void attention(std::remove_const_t<Real>* out) const {
        using Plain = std::remove_const_t<Real>;
        const auto constant = [](MatrixRef<Real> m) { return MatrixRef<const Plain>{m.data, m.stride}; };
        multiply<Plain>(n_, n_, width_, score_scale(), constant(query()), Flip::no, constant(key()), Flip::yes,
                        Plain(0), {out, n_});
        softmax_rows<Plain>(n_, n_, out);
    }

private:
    std::size_t n_, width_, stride_, d_;
    Real* first_;
};

/// The last hidden states, [count, length, d], to `hidden`. `trace` is filled when it is not
/// null; `visit` (may be empty) sees every layer. `batch` has been checked.
template <class Real>
void bert_forward(const BertWeights<Real>& weights, const TokenBatch& batch, std::size_t jobs,
                  Buffer<Real>& hidden, BertTrace<Real>* trace, const BertLayerVisitor<Real>& visit);

/// From the gradient of the last hidden states, in place, to that of x_0.
/// `visit` (may be empty) is given each layer's attention and its gradient, [count, H, n, n], from the top.
template <class Real>
void bert_backward(const BertWeights<Real>& weights, const TokenBatch& batch, std::size_t jobs,
                   const BertTrace<Real>& trace, Real* gradient, const BertGradientVisitor<Real>& visit);

/// From the gradient of x_0 to that of the word embeddings, [T, d]. In double: LayerNorm does not
/// see a constant added to its input, so the components of this gradient sum to 0, and in single
/// precision that sum would be noise of the size of other scores.
template <class Real>
void embedding_backward(const BertWeights<Real>& weights, const TokenBatch& batch, const Real* gradient,
                        double* word);

}  // namespace attnflow
