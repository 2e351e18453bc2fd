#pragma once
/// Linear layers: y = x W^T + b. Split into tiles whose sizes do not depend on the number of threads, so that
/// results do not either.

#include <cstddef>
#include <vector>

namespace attnflow {

template <class Real>
struct Linear {
    std::size_t in = 0;
    std::size_t out = 0;
    std::vector<Real> weight;  ///< W, [out, in]
    std::vector<Real> bias;    ///< b, [out], or empty for a layer without one
};

/// `y` [rows, out] from `x` [rows, in], on up to `jobs` threads.  O(rows · in · out).
template <class Real>
void linear(const Linear<Real>& layer, std::size_t rows, const Real* x, Real* y, std::size_t jobs);

/// The gradient of the input from that of the output: dx = dy W + keep · dx, [rows, in] from [rows, out], which
/// must not overlap. `dx` is not read when `keep` is 0.
template <class Real>
void linear_backward(const Linear<Real>& layer, std::size_t rows, const Real* dy, Real keep, Real* dx,
                     std::size_t jobs);

}  // namespace attnflow
