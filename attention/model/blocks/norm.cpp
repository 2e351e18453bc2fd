#include "attention/model/blocks/norm.hpp"

#include <cmath>
#include <type_traits>

#include "attention/model/blocks/in_blocks.hpp"
#include "attention/model/blocks/kernels_float.hpp"

namespace attnflow {
namespace {

// In double, plainly: for checks, where speed does not matter.

void norm_block(const Norm<double>& norm, std::size_t rows, const double* x, const double* y, double* out,
                NormTrace<double> trace) {
    const std::size_t columns = norm.gamma.size();
    const bool centered = norm.spec.kind == NormKind::layer_norm;
    for (std::size_t i = 0; i < rows; ++i) {
        const std::size_t offset = i * columns;
        double* row = out + offset;
        double mean = 0.0;
        for (std::size_t j = 0; j < columns; ++j) {
            row[j] = y == nullptr ? x[offset + j] : x[offset + j] + y[offset + j];
            if (centered) mean += row[j] / static_cast<double>(columns);
        }
        double square = 0.0;
        for (std::size_t j = 0; j < columns; ++j) {
            square += (row[j] - mean) * (row[j] - mean) / static_cast<double>(columns);
        }
        const double scale = 1.0 / std::sqrt(square + norm.spec.epsilon);
        if (trace.scale != nullptr) trace.scale[i] = scale;
        for (std::size_t j = 0; j < columns; ++j) {
            const double normalised = (row[j] - mean) * scale;
            if (trace.normalised != nullptr) trace.normalised[offset + j] = normalised;
            row[j] = normalised * norm.gamma[j] + norm.beta[j];
        }
    }
}

void norm_backward_block(const Norm<double>& norm, std::size_t rows, NormTrace<const double> trace,
                         double* gradient) {
    const std::size_t columns = norm.gamma.size();
    const bool centered = norm.spec.kind == NormKind::layer_norm;
    for (std::size_t i = 0; i < rows; ++i) {
        const double* normalised = trace.normalised + i * columns;
        double* g = gradient + i * columns;
        double mean = 0.0;
        double along = 0.0;  // the part of the gradient along the normalised vector
        for (std::size_t j = 0; j < columns; ++j) {
            g[j] *= norm.gamma[j];
            if (centered) mean += g[j] / static_cast<double>(columns);
            along += g[j] * normalised[j] / static_cast<double>(columns);
        }
        for (std::size_t j = 0; j < columns; ++j) g[j] = trace.scale[i] * (g[j] - mean - normalised[j] * along);
    }
}

template <class Pointer>
Pointer at(Pointer begin, std::size_t offset) {
    return begin == nullptr ? nullptr : begin + offset;
}

}  // namespace

template <class Real>
void norm(const Norm<Real>& norm, std::size_t rows, const Real* x, const Real* y, Real* out, NormTrace<Real> trace,
          std::size_t jobs) {
    const std::size_t columns = norm.gamma.size();
    in_blocks(rows, columns, jobs, [&](std::size_t first, std::size_t count) {
        const std::size_t offset = first * columns;
        const NormTrace<Real> part{at(trace.normalised, offset), at(trace.scale, first)};
        if constexpr (std::is_same_v<Real, float>) {
            float_kernels::norm(norm, count, x + offset, at(y, offset), out + offset, part);
        } else {
            norm_block(norm, count, x + offset, at(y, offset), out + offset, part);
        }
    });
}

template <class Real>
void norm_backward(const Norm<Real>& norm, std::size_t rows, NormTrace<const Real> trace, Real* gradient,
                   std::size_t jobs) {
    const std::size_t columns = norm.gamma.size();
    in_blocks(rows, columns, jobs, [&](std::size_t first, std::size_t count) {
        const std::size_t offset = first * columns;
        const NormTrace<const Real> part{trace.normalised + offset, trace.scale + first};
        if constexpr (std::is_same_v<Real, float>) {
            float_kernels::norm_backward(norm, count, part, gradient + offset);
        } else {
            norm_backward_block(norm, count, part, gradient + offset);
        }
    });
}

#define ATTNFLOW_NORM(Real)                                                                              \
    template void norm(const Norm<Real>&, std::size_t, const Real*, const Real*, Real*, NormTrace<Real>, \
                       std::size_t);                                                                     \
    template void norm_backward(const Norm<Real>&, std::size_t, NormTrace<const Real>, Real*, std::size_t);
ATTNFLOW_NORM(float)
ATTNFLOW_NORM(double)
#undef ATTNFLOW_NORM

}  // namespace attnflow
