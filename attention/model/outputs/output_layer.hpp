#pragma once
/// What stands on a transformer: from one hidden state h an input to its outputs (logits), and back.
///
///   logits = D(norm(a(T h + b_T))) + b
///
/// T an optional linear layer d → d with its activation a, behind which a norm may stand, and D the decoder d →
/// outputs. That is the output layer of these:
///
///   classification   BERT: tanh; RoBERTa: tanh; ELECTRA: gelu; DistilBERT: relu
///   multi_label, regression: as classification
///   masked_lm        T with an activation and LayerNorm, D the word embeddings (tied) or a matrix of its own
///   none             no outputs at all
///
/// Which position's h it gets is the model's choice (transformer_model.cpp): that of the first position, and of
/// masked_lm the one that is asked for. So classifiers on the last token (GPT-2, Llama: no T and no b) or on a
/// mean over positions are none of these: such an architecture brings a head of its own (output_head.hpp).
///
/// Devlin et al. 2019, arXiv:1810.04805, section 3

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "attention/model/blocks/activation.hpp"
#include "attention/model/blocks/linear.hpp"
#include "attention/model/blocks/norm.hpp"
#include "attention/model/checkpoint/weight_files.hpp"
#include "attention/model/task.hpp"

namespace attnflow {

class HeadMaker;

struct OutputSpec {
    /// T, its activation, and the norm behind it.
    struct Transform {
        Activation activation = Activation::tanh;
        std::optional<NormSpec> norm = {};
        std::string name;            ///< of its tensors, without ".weight" and ".bias"
        std::string norm_name = {};  ///< of the norm's
    };

    Task task = Task::none;
    std::size_t outputs = 0;               ///< 0 for Task::none, and then nothing else is read
    std::vector<std::string> labels = {};  ///< of classes, labels or numbers, one for each output
    std::optional<Transform> transform = {};
    std::string decoder = {};       ///< the tensor D, [outputs, d]
    std::string decoder_bias = {};  ///< the tensor b, [outputs]; empty for none
    /// Of an architecture whose outputs are made in another way (output_head.hpp): `task`, `outputs` and `labels`
    /// hold, the rest is for the head to read.
    std::shared_ptr<const HeadMaker> head = {};
};

template <class Real>
class OutputLayer {
public:
    /// What backward() needs of forward().
    struct Trace {
        std::vector<Real> inner;       ///< [rows, d] before the activation
        std::vector<Real> normalised;  ///< [rows, d]
        std::vector<Real> scale;       ///< [rows]
    };

    /// Throws InputError for a tensor that is missing or does not fit. `width` is d.
    OutputLayer(const OutputSpec& spec, std::size_t width, const WeightFiles& files);

    /// `hidden` [rows, d] to logits [rows, outputs].
    std::vector<Real> forward(std::size_t rows, const Real* hidden, std::size_t jobs, Trace& trace) const;

    /// The gradient of a single row from that of its logits.
    std::vector<Real> backward(const std::vector<Real>& logits_gradient, const Trace& trace) const;

private:
    std::size_t width_;
    Activation activation_ = Activation::tanh;
    std::optional<Linear<Real>> transform_;
    std::optional<Norm<Real>> norm_;
    Linear<Real> decoder_;
};

}  // namespace attnflow
