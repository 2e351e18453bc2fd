#pragma once
/// The single-precision steps of the blocks on the vectors of the processor at hand (Highway chooses when the
/// program starts). Each works on one block of rows or elements, on the calling thread.

#include <cstddef>

#include "attention/model/blocks/activation.hpp"
#include "attention/model/blocks/norm.hpp"

namespace attnflow::float_kernels {

/// False, and nothing done, for a kind that has no kernel.
bool activate(Activation kind, std::size_t count, const float* x, float* out);
bool activate_backward(Activation kind, std::size_t count, const float* x, float* gradient);
void softmax_rows(std::size_t rows, std::size_t columns, float* scores);
void softmax_rows_backward(std::size_t rows, std::size_t columns, const float* softmax, float* gradient);
/// `trace` points at the block's first row.
void norm(const Norm<float>& norm, std::size_t rows, const float* x, const float* y, float* out,
          NormTrace<float> trace);
void norm_backward(const Norm<float>& norm, std::size_t rows, NormTrace<const float> trace, float* gradient);

}  // namespace attnflow::float_kernels
