#pragma once
/// The single-precision steps of kernels.hpp on the vectors of the processor at hand (Highway
/// chooses when the program starts). Each works on one block, on the calling thread.

#include <cstddef>

#include "attention/model/blocks/kernels.hpp"

namespace attnflow::float_kernels {

void gelu(std::size_t count, const float* x, float* out);
void gelu_backward(std::size_t count, const float* x, float* gradient);
void softmax_rows(std::size_t rows, std::size_t columns, float* scores);
void softmax_rows_backward(std::size_t rows, std::size_t columns, const float* softmax, float* gradient);
/// `trace` points at the block's first row.
void layer_norm(std::size_t rows, std::size_t columns, const float* x, const float* y, const float* gamma,
                const float* beta, double eps, float* out, LayerNormTrace<float> trace);
void layer_norm_backward(std::size_t rows, std::size_t columns, const float* gamma,
                         LayerNormTrace<const float> trace, float* gradient);

}  // namespace attnflow::float_kernels
