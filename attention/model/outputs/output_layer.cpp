#include "attention/model/outputs/output_layer.hpp"

#include "attention/model/transformer_weights.hpp"

namespace attnflow {
namespace {

template <class Real>
std::vector<Real> apply(const Linear<Real>& layer, std::size_t rows, const Real* x, std::size_t jobs) {
    std::vector<Real> result(rows * layer.out);
    linear(layer, rows, x, result.data(), jobs);
    return result;
}

template <class Real>
std::vector<Real> apply_backward(const Linear<Real>& layer, const std::vector<Real>& gradient) {
    std::vector<Real> result(layer.in);
    linear_backward(layer, 1, gradient.data(), Real(0), result.data(), 1);
    return result;
}

}  // namespace

template <class Real>
OutputLayer<Real>::OutputLayer(const OutputSpec& spec, std::size_t width, const WeightFiles& files)
    : width_(width) {
    if (!has_outputs(spec.task)) return;
    if (spec.transform) {
        activation_ = spec.transform->activation;
        transform_ = load_linear<Real>(files, spec.transform->name, width, width, true);
        if (spec.transform->norm)
            norm_ = load_norm<Real>(files, spec.transform->norm_name, *spec.transform->norm, width);
    }
    decoder_ = {width, spec.outputs, files.read<Real>(spec.decoder, {spec.outputs, width}), {}};
    if (!spec.decoder_bias.empty()) decoder_.bias = files.read<Real>(spec.decoder_bias, {spec.outputs});
}

template <class Real>
std::vector<Real> OutputLayer<Real>::forward(std::size_t rows, const Real* hidden, std::size_t jobs,
                                             Trace& trace) const {
    if (!transform_) return apply(decoder_, rows, hidden, jobs);
    trace.inner = apply(*transform_, rows, hidden, jobs);
    std::vector<Real> x(trace.inner.size());
    activate<Real>(activation_, x.size(), trace.inner.data(), x.data(), jobs);
    if (norm_) {
        trace.normalised.resize(x.size());
        trace.scale.resize(rows);
        norm<Real>(*norm_, rows, x.data(), nullptr, x.data(), {trace.normalised.data(), trace.scale.data()}, jobs);
    }
    return apply(decoder_, rows, x.data(), jobs);
}

template <class Real>
std::vector<Real> OutputLayer<Real>::backward(const std::vector<Real>& logits_gradient, const Trace& trace) const {
    std::vector<Real> gradient = apply_backward(decoder_, logits_gradient);
    if (!transform_) return gradient;
    if (norm_) norm_backward<Real>(*norm_, 1, {trace.normalised.data(), trace.scale.data()}, gradient.data(), 1);
    activate_backward<Real>(activation_, width_, trace.inner.data(), gradient.data(), 1);
    return apply_backward(*transform_, gradient);
}

template class OutputLayer<float>;
template class OutputLayer<double>;

}  // namespace attnflow
