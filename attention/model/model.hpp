#pragma once
/// A transformer in process: tokens in, attention and outputs out, and derivatives of an output.
///
/// `Model` is what the rest of the project knows of it; how it computes is the business of transformer_model.hpp,
/// how one is loaded with its tokenizer that of text_model.hpp. Everything is evaluation: no dropout.
///
/// A model is read-only after loading and may be used by several threads at once.

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include "attention/model/layer_internals.hpp"
#include "attention/model/token_batch.hpp"
#include "graph/support/row_major.hpp"

namespace attnflow {

struct ForwardOptions {
    /// Position whose output is taken, of tasks that have one at each; others do not look at it.
    std::size_t position = 0;
    LayerObserver observer = {};  ///< called after each layer, in ascending order
    bool internals = false;       ///< fill LayerCapture::internals (computed in any case, converted if asked)
    /// Those of the observer of attention gradients: a reverse pass computes each layer again for them, from its
    /// input, which takes about as long as the forward pass and L T d numbers.
    bool gradient_internals = false;
    std::size_t jobs = 1;  ///< threads; the result does not depend on it
};

/// A differentiable number made of the outputs (logits): returns it and writes its gradient.
using OutputFunction = std::function<double(std::span<const double> logits, std::span<double> gradient)>;

/// Called with each layer and the gradient of its attention, [H, n, n], in descending order of layers; the
/// memory is used again for the next.
using AttentionGradientObserver = std::function<void(const LayerCapture& layer, std::span<const float> gradient)>;

struct Gradients {
    std::vector<double> logits;  ///< [outputs]
    double value = 0.0;          ///< of the function
    RowMajor<double> word;       ///< [n, e], with respect to the looked-up word embeddings
    RowMajor<double> embedding;  ///< [n, e], those embeddings
};

class Model {
public:
    virtual ~Model() = default;
    virtual const ModelShape& shape() const = 0;

    /// The outputs (logits) of each input, [count, outputs]. Throws InputError for a batch that
    /// does not fit the shape (too long, unknown ids, no tokens).
    virtual RowMajor<double> forward(const TokenBatch& batch, const ForwardOptions& options) const = 0;

    /// Forward and reverse pass of a batch of one input. `attention_gradients` may be empty. The gradient by an
    /// attention weight that a mask holds at 0 is 0. Throws ParameterError for a model without outputs.
    virtual Gradients gradients(const TokenBatch& batch, const ForwardOptions& options,
                                const OutputFunction& function,
                                const AttentionGradientObserver& attention_gradients) const = 0;
};

/// Throws InputError unless `batch` can be given to a model of this shape.
void check_batch(const ModelShape& shape, const TokenBatch& batch);

}  // namespace attnflow
