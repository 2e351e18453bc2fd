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
#include <string>
#include <vector>

#include "attention/model/task.hpp"
#include "attention/model/token_batch.hpp"
#include "graph/support/row_major.hpp"

namespace attnflow {

/// Names of properties of a model's attention that architectures and edge weights can promise
/// (EntryInfo::promises).
namespace attention_promise {
inline constexpr const char* rows_sum_to_one =
    "rows_sum_to_one";  ///< what a query gives to its keys, in each head
}  // namespace attention_promise

struct ModelShape {
    std::size_t layers = 0;
    std::size_t heads = 0;                 ///< H, of the attention
    std::size_t key_heads = 0;             ///< G, divides H: head h uses the values of key head h / (H / G)
    std::size_t head_width = 0;            ///< w, of keys and values
    std::size_t width = 0;                 ///< d, of hidden states; H w in most models
    bool norm_before = false;              ///< where the norms of its layers are, see LayerInternals
    std::size_t embedding_width = 0;       ///< e, of word embeddings; d in most models
    std::size_t positions = 0;             ///< longest input, in tokens
    std::size_t vocabulary = 0;            ///< token ids are below this
    std::size_t types = 1;                 ///< segment ids are below this
    Task task = Task::none;                ///< what the outputs are
    std::size_t outputs = 0;               ///< classes, labels, numbers, or the vocabulary; 0 for Task::none
    std::vector<std::string> labels = {};  ///< names of the outputs, but of a vocabulary
};

/// A norm of a layer, as it worked on T tokens (blocks/norm.hpp has the formulas).
struct NormInternals {
    bool centered = true;          ///< whether the mean is subtracted: LayerNorm, not RMSNorm
    std::span<const float> scale;  ///< [T] 1 / root
    std::span<const float> gamma;  ///< [d]
    std::span<const float> beta;   ///< [d], zeros where there is none
};

/// What a layer computed on the way, for methods that look behind the attention weights; in the order in which it
/// is computed, for layers with their norms before or after. All matrices are row-major with T = count · n rows; d
/// the width, w that of a head, G the number of key heads, of which head h uses g(h) = h / (H / G).
///
///   attended = concat_h(A_h · values_g(h)) · output_weight^T + output_bias
///
///   norm after:   normed_input  = input                      norm before:   normed_input  = N_1(input)
///                 middle        = N_1(input + attended)                     middle        = input + attended
///                 normed_middle = middle                                    normed_middle = N_2(middle)
///                 output        = N_2(middle + fed_forward)                 output        = middle + fed_forward
///
/// So `attended` and then `fed_forward` are what is added to the skip connection.
struct LayerInternals {
    bool norm_before = false;
    std::span<const float> input;          ///< [T, d]
    std::span<const float> normed_input;   ///< [T, d] what queries, keys and values are made of
    std::span<const float> values;         ///< [T, G w], key head by key head, bias included
    std::span<const float> output_weight;  ///< [d, H w], output × input; head h owns columns h w to (h + 1) w - 1
    std::span<const float> output_bias;    ///< [d], empty where there is none
    std::span<const float> attended;       ///< [T, d]
    NormInternals attention_norm;          ///< N_1
    std::span<const float> middle;         ///< [T, d]
    std::span<const float> normed_middle;  ///< [T, d] what the feed forward step reads
    std::span<const float> fed_forward;    ///< [T, d]
    NormInternals output_norm;             ///< N_2
    std::span<const float> output;         ///< [T, d]
};

/// One layer while it is produced; the memory is used again for the next.
struct LayerCapture {
    std::size_t layer = 0;             ///< from 0 at the input
    std::span<const float> attention;  ///< [count, H, n, n], query × key
    const LayerInternals* internals = nullptr;
};
using LayerObserver = std::function<void(const LayerCapture&)>;

struct ForwardOptions {
    /// Position whose output is taken, of tasks that have one at each; others do not look at it.
    std::size_t position = 0;
    LayerObserver observer = {};  ///< called after each layer, in ascending order
    bool internals = false;       ///< fill LayerCapture::internals (computed in any case, converted if asked)
    std::size_t jobs = 1;         ///< threads; the result does not depend on it
};

/// A differentiable number made of the outputs (logits): returns it and writes its gradient.
using OutputFunction = std::function<double(std::span<const double> logits, std::span<double> gradient)>;

/// Called with each layer's attention and its gradient, [H, n, n], in descending order of layers; the
/// memory is used again for the next.
using AttentionGradientObserver =
    std::function<void(std::size_t layer, std::span<const float> attention, std::span<const float> gradient)>;

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
