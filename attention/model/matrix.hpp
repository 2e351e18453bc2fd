#pragma once
/// Products of row-major matrices in memory: a thin layer over BLAS, or over Eigen where the
/// build found no CBLAS. Each call runs on the calling thread; callers split large products
/// into tiles whose sizes do not depend on the number of threads, so results do not either.

#include <cstddef>

namespace attnflow {

/// A row-major matrix that somebody else owns; consecutive rows lie `stride` elements apart.
template <class Real>
struct MatrixRef {
    Real* data;
    std::size_t stride;
};

enum class Flip { no, yes };  ///< whether an operand is used as its transpose

/// C = scale · A B + keep · C, where A is m × k and B is k × n after the flips. C is not read
/// when `keep` is 0.
template <class Real>
void multiply(std::size_t m, std::size_t n, std::size_t k, Real scale, MatrixRef<const Real> a, Flip flip_a,
              MatrixRef<const Real> b, Flip flip_b, Real keep, MatrixRef<Real> c);

/// out = x · weight^T + bias for `rows` rows of x: what a linear layer with weight [out, in]
/// does. `bias` may be null. On up to `jobs` threads.
template <class Real>
void linear(std::size_t rows, std::size_t in, std::size_t out, const Real* x, const Real* weight, const Real* bias,
            Real* result, std::size_t jobs);

/// result = dy · weight: the gradient of a linear layer's input, [rows, in] from [rows, out].
/// `keep` times the old result is added.
template <class Real>
void linear_backward(std::size_t rows, std::size_t in, std::size_t out, const Real* dy, const Real* weight,
                     Real keep, Real* result, std::size_t jobs);

/// The BLAS in use, for reports: "cblas" or "eigen".
const char* matrix_backend();

}  // namespace attnflow
