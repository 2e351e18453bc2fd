#pragma once
/// What stands on BERT's encoder: from one hidden state an input to the outputs (logits), and back.

#include <vector>

#include "attention/model/bert/weights.hpp"

namespace attnflow {

/// Classification: logits = C tanh(P h + b_P) + b_C, h the hidden state of position 0.
template <class Real>
class ClassificationHead {
public:
    /// What backward() needs of forward().
    struct Trace {
        std::vector<Real> pooled;
    };

    ClassificationHead(const BertConfig& config, const WeightFiles& files);
    static constexpr bool classifier = true;
    std::size_t outputs() const { return classifier_.bias.size(); }

    /// `hidden` [rows, d] to logits [rows, outputs].
    std::vector<Real> forward(std::size_t rows, const Real* hidden, std::size_t jobs, Trace& trace) const;
    /// The gradient of a single row from that of its logits.
    std::vector<Real> backward(const std::vector<Real>& logits_gradient, const Trace& trace) const;

private:
    std::size_t width_;
    LinearWeights<Real> pooler_;
    LinearWeights<Real> classifier_;
};

/// Masked language model: logits = E LN(gelu(T h + b_T)) + b, h the hidden state of the position
/// asked for and E the word embeddings, or a matrix of its own when the config does not tie them.
template <class Real>
class MaskedLanguageHead {
public:
    struct Trace {
        std::vector<Real> inner;       ///< before GELU
        std::vector<Real> normalised;  ///< LayerNorm's trace
        std::vector<Real> scale;
    };

    MaskedLanguageHead(const BertConfig& config, const WeightFiles& files);
    static constexpr bool classifier = false;
    std::size_t outputs() const { return decoder_.bias.size(); }

    std::vector<Real> forward(std::size_t rows, const Real* hidden, std::size_t jobs, Trace& trace) const;
    std::vector<Real> backward(const std::vector<Real>& logits_gradient, const Trace& trace) const;

private:
    std::size_t width_;
    double eps_;
    LinearWeights<Real> transform_;
    NormWeights<Real> norm_;
    LinearWeights<Real> decoder_;
};

}  // namespace attnflow
