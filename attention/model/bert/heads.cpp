#include "attention/model/bert/heads.hpp"

#include <cmath>

#include "attention/model/blocks/kernels.hpp"
#include "attention/model/blocks/matrix.hpp"

namespace attnflow {
namespace {

template <class Real>
std::vector<Real> apply(const LinearWeights<Real>& w, std::size_t rows, const Real* x, std::size_t jobs) {
    const std::size_t out = w.bias.size();
    std::vector<Real> result(rows * out);
    linear<Real>(rows, w.weight.size() / out, out, x, w.weight.data(), w.bias.data(), result.data(), jobs);
    return result;
}

template <class Real>
std::vector<Real> apply_backward(const LinearWeights<Real>& w, const std::vector<Real>& gradient) {
    const std::size_t out = w.bias.size();
    const std::size_t in = w.weight.size() / out;
    std::vector<Real> result(in);
    linear_backward<Real>(1, in, out, gradient.data(), w.weight.data(), Real(0), result.data(), 1);
    return result;
}

}  // namespace

template <class Real>
ClassificationHead<Real>::ClassificationHead(const BertConfig& config, const WeightFiles& files)
    : width_(config.width),
      pooler_(load_linear<Real>(files, "bert.pooler.dense", width_, width_)),
      classifier_(load_linear<Real>(files, "classifier", config.labels.size(), width_)) {}

template <class Real>
std::vector<Real> ClassificationHead<Real>::forward(std::size_t rows, const Real* hidden, std::size_t jobs,
                                                    Trace& trace) const {
    trace.pooled = apply(pooler_, rows, hidden, jobs);
    for (Real& value : trace.pooled) value = std::tanh(value);
    return apply(classifier_, rows, trace.pooled.data(), jobs);
}

template <class Real>
std::vector<Real> ClassificationHead<Real>::backward(const std::vector<Real>& logits_gradient,
                                                     const Trace& trace) const {
    std::vector<Real> gradient = apply_backward(classifier_, logits_gradient);
    for (std::size_t j = 0; j < width_; ++j) gradient[j] *= Real(1) - trace.pooled[j] * trace.pooled[j];
    return apply_backward(pooler_, gradient);
}

template <class Real>
MaskedLanguageHead<Real>::MaskedLanguageHead(const BertConfig& config, const WeightFiles& files)
    : width_(config.width),
      eps_(config.layer_norm_eps),
      transform_(load_linear<Real>(files, "cls.predictions.transform.dense", width_, width_)),
      norm_(load_norm<Real>(files, "cls.predictions.transform.LayerNorm", width_)) {
    // A file may hold both: the reference then overwrites the one with the other.
    decoder_.weight =
        files.read<Real>(config.tied ? "bert.embeddings.word_embeddings.weight" : "cls.predictions.decoder.weight",
                         {config.vocabulary, width_});
    const std::string bias = "cls.predictions.bias";
    decoder_.bias =
        files.read<Real>(files.contains(bias) ? bias : "cls.predictions.decoder.bias", {config.vocabulary});
}

template <class Real>
std::vector<Real> MaskedLanguageHead<Real>::forward(std::size_t rows, const Real* hidden, std::size_t jobs,
                                                    Trace& trace) const {
    trace.inner = apply(transform_, rows, hidden, jobs);
    trace.normalised.resize(trace.inner.size());
    trace.scale.resize(rows);
    std::vector<Real> x(trace.inner.size());
    gelu<Real>(x.size(), trace.inner.data(), x.data(), jobs);
    layer_norm<Real>(rows, width_, x.data(), nullptr, norm_.gamma.data(), norm_.beta.data(), eps_, x.data(),
                     {trace.normalised.data(), trace.scale.data()}, jobs);
    return apply(decoder_, rows, x.data(), jobs);
}

template <class Real>
std::vector<Real> MaskedLanguageHead<Real>::backward(const std::vector<Real>& logits_gradient,
                                                     const Trace& trace) const {
    std::vector<Real> gradient = apply_backward(decoder_, logits_gradient);
    layer_norm_backward<Real>(1, width_, norm_.gamma.data(), {trace.normalised.data(), trace.scale.data()},
                              gradient.data(), 1);
    gelu_backward<Real>(width_, trace.inner.data(), gradient.data(), 1);
    return apply_backward(transform_, gradient);
}

template class ClassificationHead<float>;
template class ClassificationHead<double>;
template class MaskedLanguageHead<float>;
template class MaskedLanguageHead<double>;

}  // namespace attnflow
