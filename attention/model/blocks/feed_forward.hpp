#pragma once
/// The feed forward step of a layer, the same for every token:
///
///   plain:  f(x) = down(a(up(x)))                    Vaswani et al. 2017, arXiv:1706.03762
///   gated:  f(x) = down(a(gate(x)) ⊙ up(x))          Shazeer 2020, arXiv:2002.05202
///
/// with a an activation and up, gate, down linear layers d → f, d → f, f → d.

#include <cstddef>

#include "attention/model/blocks/activation.hpp"
#include "attention/model/blocks/buffer.hpp"
#include "attention/model/blocks/linear.hpp"

namespace attnflow {

struct FeedForwardSpec {
    std::size_t inner = 0;  ///< f
    Activation activation = Activation::gelu;
    bool gated = false;
    bool bias = true;  ///< of all its linear layers

    bool operator==(const FeedForwardSpec&) const = default;
};

template <class Real>
struct FeedForwardWeights {
    Linear<Real> gate = {};  ///< [f, d], of gated ones only
    Linear<Real> up = {};    ///< [f, d]
    Linear<Real> down = {};  ///< [d, f]
};

/// What the reverse pass needs of the forward pass.
template <class Real>
struct FeedForwardTrace {
    Buffer<Real> inner;  ///< [T, f] what the activation is applied to
    Buffer<Real> up;     ///< [T, f] of gated ones, what it is multiplied with
};

/// The block with its memory, which the layers of one pass use one after the other. T tokens, `jobs` threads.
template <class Real>
class FeedForward {
public:
    FeedForward(std::size_t tokens, std::size_t jobs) : tokens_(tokens), jobs_(jobs) {}

    /// `out` [T, d] from `x` [T, d]. `trace` may be null, and then the activation works in place.  O(T d f).
    void forward(const FeedForwardSpec& spec, const FeedForwardWeights<Real>& weights, const Real* x,
                 FeedForwardTrace<Real>* trace, Real* out);

    /// dx = keep · dx + the gradient of x, from that of the output. `dx` may be `dy`: with keep = 1 that is the
    /// gradient of a sum with a skip connection.
    void backward(const FeedForwardSpec& spec, const FeedForwardWeights<Real>& weights,
                  const FeedForwardTrace<Real>& trace, const Real* dy, Real keep, Real* dx);

private:
    std::size_t tokens_;
    std::size_t jobs_;
    FeedForwardTrace<Real> own_;  // of layers that are not traced
    Buffer<Real> activated_;      // [T, f]
    Buffer<Real> up_gradient_;    // [T, f]
};

}  // namespace attnflow
