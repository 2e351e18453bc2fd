#pragma once
/// Linear layers, forward and backward, split into tiles whose sizes do not depend on the number
/// of threads: so results do not either.

#include <cstddef>

#include "graph/support/gemm.hpp"

namespace attnflow {

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

}  // namespace attnflow
