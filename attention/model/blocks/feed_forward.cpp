#include "attention/model/blocks/feed_forward.hpp"

#include <algorithm>

#include "attention/model/blocks/in_blocks.hpp"

namespace attnflow {
namespace {

/// out_i *= by_i.
template <class Real>
void scale_elements(std::size_t count, const Real* by, Real* out, std::size_t jobs) {
    in_blocks(count, 1, jobs, [&](std::size_t first, std::size_t length) {
        for (std::size_t i = first; i < first + length; ++i) out[i] *= by[i];
    });
}

}  // namespace

template <class Real>
void FeedForward<Real>::forward(const FeedForwardSpec& spec, const FeedForwardWeights<Real>& weights,
                                const Real* x, FeedForwardTrace<Real>* trace, Real* out) {
    FeedForwardTrace<Real>& kept = trace != nullptr ? *trace : own_;
    const std::size_t size = tokens_ * spec.inner;
    Real* inner = kept.inner.resize(size);
    Real* activated = trace != nullptr ? activated_.resize(size) : inner;
    linear(spec.gated ? weights.gate : weights.up, tokens_, x, inner, jobs_);
    activate<Real>(spec.activation, size, inner, activated, jobs_);
    if (spec.gated) {
        Real* up = kept.up.resize(size);
        linear(weights.up, tokens_, x, up, jobs_);
        scale_elements(size, up, activated, jobs_);
    }
    linear(weights.down, tokens_, activated, out, jobs_);
}

template <class Real>
void FeedForward<Real>::backward(const FeedForwardSpec& spec, const FeedForwardWeights<Real>& weights,
                                 const FeedForwardTrace<Real>& trace, const Real* dy, Real keep, Real* dx) {
    const std::size_t size = tokens_ * spec.inner;
    Real* gradient = activated_.resize(size);
    linear_backward(weights.down, tokens_, dy, Real(0), gradient, jobs_);
    if (spec.gated) {
        // Of a product each factor gets the gradient times the other one.
        Real* up = up_gradient_.resize(size);
        activate<Real>(spec.activation, size, trace.inner.data(), up, jobs_);
        scale_elements(size, static_cast<const Real*>(gradient), up, jobs_);
        scale_elements(size, trace.up.data(), gradient, jobs_);
        linear_backward(weights.up, tokens_, up, keep, dx, jobs_);
        keep = Real(1);
    }
    activate_backward<Real>(spec.activation, size, trace.inner.data(), gradient, jobs_);
    linear_backward(spec.gated ? weights.gate : weights.up, tokens_, gradient, keep, dx, jobs_);
}

template class FeedForward<float>;
template class FeedForward<double>;

}  // namespace attnflow
