#include "attention/model/blocks/kernels.hpp"

#include <algorithm>
#include <cmath>
#include <type_traits>

#include "attention/model/blocks/kernels_float.hpp"
#include "graph/support/parallel.hpp"

namespace attnflow {
namespace {

constexpr double inverse_sqrt2 = 0.70710678118654752440;
constexpr double inverse_sqrt_2pi = 0.39894228040143267794;

/// Calls body(first, count) for blocks of about 16 k elements: long enough for a thread.
template <class Body>
void in_blocks(std::size_t count, std::size_t unit, std::size_t jobs, const Body& body) {
    const std::size_t block = std::max<std::size_t>(1, 16384 / std::max<std::size_t>(unit, 1));
    parallel_for((count + block - 1) / block, jobs,
                 [&](std::size_t b, std::size_t) { body(b * block, std::min(block, count - b * block)); });
}

template <class Real>
constexpr bool has_vectors = std::is_same_v<Real, float>;

double normal_distribution(double x) { return 0.5 * std::erfc(-x * inverse_sqrt2); }

// In double, plainly: for checks, where speed does not matter.

void gelu_block(std::size_t count, const double* x, double* out) {
    for (std::size_t i = 0; i < count; ++i) out[i] = x[i] * normal_distribution(x[i]);
}

void gelu_backward_block(std::size_t count, const double* x, double* gradient) {
    for (std::size_t i = 0; i < count; ++i) {
        gradient[i] *= normal_distribution(x[i]) + x[i] * inverse_sqrt_2pi * std::exp(-0.5 * x[i] * x[i]);
    }
}

void softmax_block(std::size_t rows, std::size_t columns, double* scores) {
    for (std::size_t i = 0; i < rows; ++i) {
        double* row = scores + i * columns;
        const double largest = *std::max_element(row, row + columns);
        double sum = 0.0;
        for (std::size_t j = 0; j < columns; ++j) sum += row[j] = std::exp(row[j] - largest);
        for (std::size_t j = 0; j < columns; ++j) row[j] /= sum;
    }
}

void softmax_backward_block(std::size_t rows, std::size_t columns, const double* softmax, double* gradient) {
    for (std::size_t i = 0; i < rows; ++i) {
        const double* p = softmax + i * columns;
        double* g = gradient + i * columns;
        double mean = 0.0;
        for (std::size_t j = 0; j < columns; ++j) mean += p[j] * g[j];
        for (std::size_t j = 0; j < columns; ++j) g[j] = p[j] * (g[j] - mean);
    }
}

void layer_norm_block(std::size_t rows, std::size_t columns, const double* x, const double* y, const double* gamma,
                      const double* beta, double eps, double* out, LayerNormTrace<double> trace) {
    for (std::size_t i = 0; i < rows; ++i) {
        const std::size_t offset = i * columns;
        double* row = out + offset;
        double mean = 0.0;
        for (std::size_t j = 0; j < columns; ++j) {
            row[j] = y == nullptr ? x[offset + j] : x[offset + j] + y[offset + j];
            mean += row[j] / static_cast<double>(columns);
        }
        double variance = 0.0;
        for (std::size_t j = 0; j < columns; ++j) {
            variance += (row[j] - mean) * (row[j] - mean) / static_cast<double>(columns);
        }
        const double scale = 1.0 / std::sqrt(variance + eps);
        if (trace.scale != nullptr) trace.scale[i] = scale;
        for (std::size_t j = 0; j < columns; ++j) {
            const double normalised = (row[j] - mean) * scale;
            if (trace.normalised != nullptr) trace.normalised[offset + j] = normalised;
            row[j] = normalised * gamma[j] + beta[j];
        }
    }
}

void layer_norm_backward_block(std::size_t rows, std::size_t columns, const double* gamma,
                               LayerNormTrace<const double> trace, double* gradient) {
    for (std::size_t i = 0; i < rows; ++i) {
        const double* normalised = trace.normalised + i * columns;
        double* g = gradient + i * columns;
        double mean = 0.0;
        double along = 0.0;  // the part of the gradient along the normalised vector
        for (std::size_t j = 0; j < columns; ++j) {
            g[j] *= gamma[j];
            mean += g[j] / static_cast<double>(columns);
            along += g[j] * normalised[j] / static_cast<double>(columns);
        }
        for (std::size_t j = 0; j < columns; ++j) g[j] = trace.scale[i] * (g[j] - mean - normalised[j] * along);
    }
}

template <class Pointer>
Pointer at_row(Pointer begin, std::size_t offset) {
    return begin == nullptr ? nullptr : begin + offset;
}

}  // namespace

template <class Real>
void gelu(std::size_t count, const Real* x, Real* out, std::size_t jobs) {
    in_blocks(count, 1, jobs, [&](std::size_t first, std::size_t length) {
        if constexpr (has_vectors<Real>) {
            float_kernels::gelu(length, x + first, out + first);
        } else {
            gelu_block(length, x + first, out + first);
        }
    });
}

template <class Real>
void gelu_backward(std::size_t count, const Real* x, Real* gradient, std::size_t jobs) {
    in_blocks(count, 1, jobs, [&](std::size_t first, std::size_t length) {
        if constexpr (has_vectors<Real>) {
            float_kernels::gelu_backward(length, x + first, gradient + first);
        } else {
            gelu_backward_block(length, x + first, gradient + first);
        }
    });
}

template <class Real>
void softmax_rows(std::size_t rows, std::size_t columns, Real* scores) {
    if constexpr (has_vectors<Real>) {
        float_kernels::softmax_rows(rows, columns, scores);
    } else {
        softmax_block(rows, columns, scores);
    }
}

template <class Real>
void softmax_rows_backward(std::size_t rows, std::size_t columns, const Real* softmax, Real* gradient) {
    if constexpr (has_vectors<Real>) {
        float_kernels::softmax_rows_backward(rows, columns, softmax, gradient);
    } else {
        softmax_backward_block(rows, columns, softmax, gradient);
    }
}

template <class Real>
void layer_norm(std::size_t rows, std::size_t columns, const Real* x, const Real* y, const Real* gamma,
                const Real* beta, double eps, Real* out, LayerNormTrace<Real> trace, std::size_t jobs) {
    in_blocks(rows, columns, jobs, [&](std::size_t first, std::size_t count) {
        const std::size_t offset = first * columns;
        const LayerNormTrace<Real> part{at_row(trace.normalised, offset), at_row(trace.scale, first)};
        if constexpr (has_vectors<Real>) {
            float_kernels::layer_norm(count, columns, x + offset, at_row(y, offset), gamma, beta, eps,
                                      out + offset, part);
        } else {
            layer_norm_block(count, columns, x + offset, at_row(y, offset), gamma, beta, eps, out + offset, part);
        }
    });
}

template <class Real>
void layer_norm_backward(std::size_t rows, std::size_t columns, const Real* gamma,
                         LayerNormTrace<const Real> trace, Real* gradient, std::size_t jobs) {
    in_blocks(rows, columns, jobs, [&](std::size_t first, std::size_t count) {
        const std::size_t offset = first * columns;
        const LayerNormTrace<const Real> part{trace.normalised + offset, trace.scale + first};
        if constexpr (has_vectors<Real>) {
            float_kernels::layer_norm_backward(count, columns, gamma, part, gradient + offset);
        } else {
            layer_norm_backward_block(count, columns, gamma, part, gradient + offset);
        }
    });
}

#define ATTNFLOW_KERNELS(Real)                                                                                  \
    template void gelu(std::size_t, const Real*, Real*, std::size_t);                                           \
    template void gelu_backward(std::size_t, const Real*, Real*, std::size_t);                                  \
    template void softmax_rows(std::size_t, std::size_t, Real*);                                                \
    template void softmax_rows_backward(std::size_t, std::size_t, const Real*, Real*);                          \
    template void layer_norm(std::size_t, std::size_t, const Real*, const Real*, const Real*, const Real*,      \
                             double, Real*, LayerNormTrace<Real>, std::size_t);                                 \
    template void layer_norm_backward(std::size_t, std::size_t, const Real*, LayerNormTrace<const Real>, Real*, \
                                      std::size_t);
ATTNFLOW_KERNELS(float)
ATTNFLOW_KERNELS(double)
#undef ATTNFLOW_KERNELS

}  // namespace attnflow
