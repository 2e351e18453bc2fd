#include "attention/model/outputs/output_head.hpp"

#include <algorithm>
#include <type_traits>

namespace attnflow {

template <class Real>
std::vector<Real> PositionHead<Real>::forward(const TokenBatch& batch, std::size_t position, const Real* hidden,
                                              std::size_t jobs) const {
    std::vector<Real> rows(batch.count * width_);
    for (std::size_t b = 0; b < batch.count; ++b)
        std::copy_n(hidden + (b * batch.length + position) * width_, width_, rows.data() + b * width_);
    typename OutputLayer<Real>::Trace trace;
    return layer_.forward(batch.count, rows.data(), jobs, trace);
}

template <class Real>
std::vector<Real> PositionHead<Real>::backward(const TokenBatch& batch, std::size_t position, const Real* hidden,
                                               const std::vector<Real>& logits_gradient) const {
    // Of one row, so that what the reverse pass needs is made again and not kept.
    typename OutputLayer<Real>::Trace trace;
    layer_.forward(1, hidden + position * width_, 1, trace);
    const std::vector<Real> row = layer_.backward(logits_gradient, trace);
    std::vector<Real> gradient(batch.length * width_);
    std::copy(row.begin(), row.end(), gradient.begin() + static_cast<std::ptrdiff_t>(position * width_));
    return gradient;
}

template <class Real>
std::unique_ptr<OutputHead<Real>> make_head(const OutputSpec& spec, std::size_t width, const WeightFiles& files) {
    if (spec.head == nullptr) return std::make_unique<PositionHead<Real>>(spec, width, files);
    if constexpr (std::is_same_v<Real, float>) {
        return spec.head->make_float(spec, width, files);
    } else {
        return spec.head->make_double(spec, width, files);
    }
}

template class PositionHead<float>;
template class PositionHead<double>;
template std::unique_ptr<OutputHead<float>> make_head(const OutputSpec&, std::size_t, const WeightFiles&);
template std::unique_ptr<OutputHead<double>> make_head(const OutputSpec&, std::size_t, const WeightFiles&);

}  // namespace attnflow
