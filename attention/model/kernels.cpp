#include "attention/model/kernels.hpp"

#include <algorithm>
#include <cmath>

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

}  // namespace

template <class Real>
void gelu(std::size_t count, const Real* x, Real* out, std::size_t jobs) {
    in_blocks(count, 1, jobs, [&](std::size_t first, std::size_t length) {
        for (std::size_t i = first; i < first + length; ++i) {
            out[i] = x[i] * Real(0.5) * (Real(1) + std::erf(x[i] * Real(inverse_sqrt2)));
        }
    });
}

template <class Real>
void gelu_backward(std::size_t count, const Real* x, Real* gradient, std::size_t jobs) {
    in_blocks(count, 1, jobs, [&](std::size_t first, std::size_t length) {
        for (std::size_t i = first; i < first + length; ++i) {
            const Real cumulative = Real(0.5) * (Real(1) + std::erf(x[i] * Real(inverse_sqrt2)));
            const Real density = Real(inverse_sqrt_2pi) * std::exp(Real(-0.5) * x[i] * x[i]);
            gradient[i] *= cumulative + x[i] * density;
        }
    });
}

template <class Real>
void softmax_rows(std::size_t rows, std::size_t columns, Real* scores) {
    for (std::size_t i = 0; i < rows; ++i) {
        Real* row = scores + i * columns;
        const Real largest = *std::max_element(row, row + columns);
        Real sum = 0;
        for (std::size_t j = 0; j < columns; ++j) sum += row[j] = std::exp(row[j] - largest);
        const Real scale = Real(1) / sum;
        for (std::size_t j = 0; j < columns; ++j) row[j] *= scale;
    }
}

template <class Real>
void softmax_rows_backward(std::size_t rows, std::size_t columns, const Real* softmax, Real* gradient) {
    for (std::size_t i = 0; i < rows; ++i) {
        const Real* p = softmax + i * columns;
        Real* g = gradient + i * columns;
        Real mean = 0;
        for (std::size_t j = 0; j < columns; ++j) mean += p[j] * g[j];
        for (std::size_t j = 0; j < columns; ++j) g[j] = p[j] * (g[j] - mean);
    }
}

template <class Real>
void layer_norm(std::size_t rows, std::size_t columns, const Real* x, const Real* y, const Real* gamma,
                const Real* beta, double eps, Real* out, LayerNormTrace<Real> trace, std::size_t jobs) {
    in_blocks(rows, columns, jobs, [&](std::size_t first, std::size_t count) {
        for (std::size_t i = first; i < first + count; ++i) {
            const std::size_t offset = i * columns;
            Real* row = out + offset;
            double sum = 0.0;
            for (std::size_t j = 0; j < columns; ++j) {
                row[j] = y == nullptr ? x[offset + j] : x[offset + j] + y[offset + j];
                sum += static_cast<double>(row[j]);
            }
            const double mean = sum / static_cast<double>(columns);
            double squares = 0.0;
            for (std::size_t j = 0; j < columns; ++j) {
                const double deviation = static_cast<double>(row[j]) - mean;
                squares += deviation * deviation;
            }
            const Real scale = static_cast<Real>(1.0 / std::sqrt(squares / static_cast<double>(columns) + eps));
            const Real center = static_cast<Real>(mean);
            if (trace.scale != nullptr) trace.scale[i] = scale;
            for (std::size_t j = 0; j < columns; ++j) {
                const Real normalised = (row[j] - center) * scale;
                if (trace.normalised != nullptr) trace.normalised[offset + j] = normalised;
                row[j] = normalised * gamma[j] + beta[j];
            }
        }
    });
}

template <class Real>
void layer_norm_backward(std::size_t rows, std::size_t columns, const Real* gamma,
                         LayerNormTrace<const Real> trace, Real* gradient, std::size_t jobs) {
    in_blocks(rows, columns, jobs, [&](std::size_t first, std::size_t count) {
        for (std::size_t i = first; i < first + count; ++i) {
            const Real* normalised = trace.normalised + i * columns;
            Real* g = gradient + i * columns;
            double mean = 0.0;
            double along = 0.0;  // the part of the gradient along the normalised vector
            for (std::size_t j = 0; j < columns; ++j) {
                g[j] *= gamma[j];
                mean += static_cast<double>(g[j]);
                along += static_cast<double>(g[j]) * static_cast<double>(normalised[j]);
            }
            const Real g_mean = static_cast<Real>(mean / static_cast<double>(columns));
            const Real g_along = static_cast<Real>(along / static_cast<double>(columns));
            for (std::size_t j = 0; j < columns; ++j) {
                g[j] = trace.scale[i] * (g[j] - g_mean - normalised[j] * g_along);
            }
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
