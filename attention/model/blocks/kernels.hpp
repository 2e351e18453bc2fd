#pragma once
/// The elementwise and rowwise steps of a transformer block, forwards and backwards, on
/// row-major matrices. `jobs` threads at most; rows are independent, so results do not depend
/// on their number. Instantiated for float and double.

#include <cstddef>

namespace attnflow {

/// out = x Φ(x), Φ the normal distribution: GELU with erf (Hendrycks & Gimpel, arXiv:1606.08415).
template <class Real>
void gelu(std::size_t count, const Real* x, Real* out, std::size_t jobs);
/// gradient *= d gelu / dx at x.
template <class Real>
void gelu_backward(std::size_t count, const Real* x, Real* gradient, std::size_t jobs);

/// Each row of `scores` becomes its softmax.
template <class Real>
void softmax_rows(std::size_t rows, std::size_t columns, Real* scores);
/// gradient of the scores from that of the softmax: p ⊙ (g - <g, p>), in place of g.
template <class Real>
void softmax_rows_backward(std::size_t rows, std::size_t columns, const Real* softmax, Real* gradient);

/// What LayerNorm leaves behind for its gradient.
template <class Real>
struct LayerNormTrace {
    Real* normalised;  ///< [rows, columns] (u - mean) / deviation
    Real* scale;       ///< [rows] 1 / deviation
};

/// out = LayerNorm(x + y) = normalised · gamma + beta, with the biased variance and `eps` under
/// the root; y may be null. `trace` pointers may be null.
/// Ba, Kiros & Hinton 2016, arXiv:1607.06450
template <class Real>
void layer_norm(std::size_t rows, std::size_t columns, const Real* x, const Real* y, const Real* gamma,
                const Real* beta, double eps, Real* out, LayerNormTrace<Real> trace, std::size_t jobs);
/// Gradient of the sum x + y from that of the output, in place.
template <class Real>
void layer_norm_backward(std::size_t rows, std::size_t columns, const Real* gamma,
                         LayerNormTrace<const Real> trace, Real* gradient, std::size_t jobs);

}  // namespace attnflow
