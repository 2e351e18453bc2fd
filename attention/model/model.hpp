#pragma once
/// A transformer in process: tokens in, attention and outputs out, and derivatives of an output.
///
/// `Model` is what the rest of the project knows of it; how it computes is the business of an
/// architecture (bert/ for BERT). Architectures are a registered family, by the class name that
/// config.json gives under `architectures`. Everything is evaluation: no dropout.
///
/// A model is read-only after loading and may be used by several threads at once.

#include <concepts>
#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "attention/model/tokenizer/tokenizer.hpp"
#include "graph/support/registry.hpp"
#include "graph/support/row_major.hpp"

namespace attnflow {

struct ModelShape {
    std::size_t layers = 0;
    std::size_t heads = 0;
    std::size_t width = 0;                 ///< d, a multiple of heads
    std::size_t positions = 0;             ///< longest input, in tokens
    std::size_t vocabulary = 0;            ///< token ids are below this
    std::size_t types = 1;                 ///< segment ids are below this
    std::size_t outputs = 0;               ///< classes, or the vocabulary for a language model
    bool classifier = true;                ///< one output a text; else one for each position
    std::vector<std::string> labels = {};  ///< of the classes
};

/// `count` inputs of `length` tokens each, one after the other. Equal lengths need no padding, so
/// every token attends to every other.
struct TokenBatch {
    std::size_t count = 0;
    std::size_t length = 0;
    std::vector<TokenId> ids;       ///< count × length
    std::vector<TokenId> type_ids;  ///< count × length

    static TokenBatch of(const Encoding& encoding);
};

/// What a layer computed on the way, for methods that look behind the attention weights. All
/// matrices are row-major with T = count · n rows; d the width, of which head h owns columns
/// h·d/H to (h+1)·d/H - 1.
///
///   attended = concat_h(A_h · values_h) · output_weight^T + output_bias
///   middle   = LayerNorm(input + attended)            deviation attention_norm_scale^-1
///   output   = LayerNorm(middle + fed_forward)        deviation output_norm_scale^-1
struct LayerInternals {
    std::span<const float> input;                 ///< [T, d]
    std::span<const float> values;                ///< [T, d], bias included
    std::span<const float> output_weight;         ///< [d, d], output × input
    std::span<const float> output_bias;           ///< [d]
    std::span<const float> attended;              ///< [T, d]
    std::span<const float> attention_norm_scale;  ///< [T]
    std::span<const float> attention_norm_gamma;  ///< [d]
    std::span<const float> attention_norm_beta;   ///< [d]
    std::span<const float> middle;                ///< [T, d]
    std::span<const float> fed_forward;           ///< [T, d]
    std::span<const float> output_norm_scale;     ///< [T]
    std::span<const float> output_norm_gamma;     ///< [d]
    std::span<const float> output_norm_beta;      ///< [d]
    std::span<const float> output;                ///< [T, d]
};

/// One layer while it is produced; the memory is used again for the next.
struct LayerCapture {
    std::size_t layer = 0;             ///< from 0 at the input
    std::span<const float> attention;  ///< [count, H, n, n], query × key
    const LayerInternals* internals = nullptr;
};
using LayerObserver = std::function<void(const LayerCapture&)>;

struct ForwardOptions {
    /// Position whose output is taken. Classifiers have one output only and do not look at it.
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
    RowMajor<double> word;       ///< [n, d], with respect to the looked-up word embeddings
    RowMajor<double> embedding;  ///< [n, d], those embeddings
};

class Model {
public:
    virtual ~Model() = default;
    virtual const ModelShape& shape() const = 0;

    /// The outputs (logits) of each input, [count, outputs]. Throws InputError for a batch that
    /// does not fit the shape (too long, unknown ids, no tokens).
    virtual RowMajor<double> forward(const TokenBatch& batch, const ForwardOptions& options) const = 0;

    /// Forward and reverse pass of a batch of one input. `attention_gradients` may be empty.
    virtual Gradients gradients(const TokenBatch& batch, const ForwardOptions& options,
                                const OutputFunction& function,
                                const AttentionGradientObserver& attention_gradients) const = 0;
};

/// Throws InputError unless `batch` can be given to a model of this shape.
void check_batch(const ModelShape& shape, const TokenBatch& batch);

/// What an architecture must provide besides `static EntryInfo describe()` (its name being the
/// class name in config.json): load a directory.
template <class A>
concept ModelArchitecture = requires(const A architecture, const std::string& folder) {
    { A::describe() } -> std::same_as<EntryInfo>;
    { architecture.load(folder) } -> std::same_as<std::unique_ptr<Model>>;
};

struct ModelFamily {
    static constexpr const char* noun = "model architecture";

    class Interface {
    public:
        virtual ~Interface() = default;
        virtual std::unique_ptr<Model> load(const std::string& folder) const = 0;
    };

    template <ModelArchitecture Member>
    class Adapter final : public Interface {
    public:
        template <class... Args>
        explicit Adapter(const Args&... args) : member_(args...) {}
        std::unique_ptr<Model> load(const std::string& folder) const override { return member_.load(folder); }

    private:
        Member member_;
    };
};

using ModelRegistry = Registry<ModelFamily>;

/// The architectures of this build; the list is in registry.cpp.
ModelRegistry& model_architectures();

/// A model with its tokenizer.
struct TextModel {
    std::string folder;
    std::string architecture;
    Tokenizer tokenizer;
    std::unique_ptr<Model> model;

    /// Loads a Hugging Face directory as it is: config.json, weights and tokenizer. `precision` is
    /// float32 or float64. Throws InputError for whatever is missing, malformed or not supported,
    /// with what is.
    static TextModel open(const std::string& folder, const std::string& precision = "float32");

    /// The files that open() reads. Throws InputError when some cannot be found.
    static std::vector<std::string> files(const std::string& folder);

    /// The tokens of `text`. Throws InputError, beginning with `where`, for text that gives no
    /// token or more than the model has positions.
    Encoding encode(std::string_view text, const std::string& where) const;
};

}  // namespace attnflow
