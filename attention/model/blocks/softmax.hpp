#pragma once
/// Softmax of the rows of a matrix, on the calling thread.

#include <cstddef>

namespace attnflow {

/// Each row of `scores` [rows, columns] becomes its softmax.  O(rows · columns).
void softmax_rows(std::size_t rows, std::size_t columns, float* scores);
void softmax_rows(std::size_t rows, std::size_t columns, double* scores);

/// The gradient of the scores from that of the softmax p: p ⊙ (g - <g, p>), in place of g.
void softmax_rows_backward(std::size_t rows, std::size_t columns, const float* softmax, float* gradient);
void softmax_rows_backward(std::size_t rows, std::size_t columns, const double* softmax, double* gradient);

}  // namespace attnflow
