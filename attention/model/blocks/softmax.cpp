#include "attention/model/blocks/softmax.hpp"

#include <algorithm>
#include <cmath>

#include "attention/model/blocks/kernels_float.hpp"

namespace attnflow {

void softmax_rows(std::size_t rows, std::size_t columns, double* scores) {
    for (std::size_t i = 0; i < rows; ++i) {
        double* row = scores + i * columns;
        const double largest = *std::max_element(row, row + columns);
        double sum = 0.0;
        for (std::size_t j = 0; j < columns; ++j) sum += row[j] = std::exp(row[j] - largest);
        for (std::size_t j = 0; j < columns; ++j) row[j] /= sum;
    }
}

void softmax_rows_backward(std::size_t rows, std::size_t columns, const double* softmax, double* gradient) {
    for (std::size_t i = 0; i < rows; ++i) {
        const double* p = softmax + i * columns;
        double* g = gradient + i * columns;
        double mean = 0.0;
        for (std::size_t j = 0; j < columns; ++j) mean += p[j] * g[j];
        for (std::size_t j = 0; j < columns; ++j) g[j] = p[j] * (g[j] - mean);
    }
}

void softmax_rows(std::size_t rows, std::size_t columns, float* scores) {
    float_kernels::softmax_rows(rows, columns, scores);
}

void softmax_rows_backward(std::size_t rows, std::size_t columns, const float* softmax, float* gradient) {
    float_kernels::softmax_rows_backward(rows, columns, softmax, gradient);
}

}  // namespace attnflow
