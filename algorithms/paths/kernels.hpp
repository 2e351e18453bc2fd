#pragma once
/// Matrix products in the three semirings of attention weights, at the speed of the machine:
/// out = left right, of matching shapes, all weights >= 0. They replace the plain loops of
/// path_product.hpp and return what those would.
///
/// Vectors are Google Highway's, the instruction set is chosen at run time. Everything runs on
/// the calling thread, and a row of `out` depends on the same row of `left` only: it gets the
/// same bits alone and among others, on any number of threads.
///
/// Idea of the two maximum products. With out[i][j] = max_k f(left[i][k], right[k][j]), f = min
/// or product, few k matter: take the largest entries of row i first; then every k whose bound
/// f(left[i][k], max_j right[k][j]) is below what all open columns j have already can be
/// passed over. A column is open until it has reached f(largest entry left, its own maximum).
/// Bounds are taken over 8 vectors of columns at a time. On attention a tenth of the work is
/// left, in the worst case all of it: as many operations as a matrix product.

#include <string>

#include "algorithms/paths/matrix_view.hpp"
#include "algorithms/paths/semiring.hpp"

namespace attnflow {

void multiply(const PlusTimes<float>&, MatrixView<const float> left, MatrixView<const float> right,
              MatrixView<float> out);
void multiply(const PlusTimes<double>&, MatrixView<const double> left, MatrixView<const double> right,
              MatrixView<double> out);
void multiply(const MaxTimes<float>&, MatrixView<const float> left, MatrixView<const float> right,
              MatrixView<float> out);
void multiply(const MaxTimes<double>&, MatrixView<const double> left, MatrixView<const double> right,
              MatrixView<double> out);
void multiply(const MaxMin<float>&, MatrixView<const float> left, MatrixView<const float> right,
              MatrixView<float> out);
void multiply(const MaxMin<double>&, MatrixView<const double> left, MatrixView<const double> right,
              MatrixView<double> out);

/// As multiply(), for the products of whole layers: through BLAS where the build has one, so that
/// a row may get other bits (within rounding) than alone. A BLAS that fails a short test against
/// multiply() on this machine is not used.
void multiply_layers(const PlusTimes<float>&, MatrixView<const float> left, MatrixView<const float> right,
                     MatrixView<float> out);
void multiply_layers(const PlusTimes<double>&, MatrixView<const double> left, MatrixView<const double> right,
                     MatrixView<double> out);

/// The instruction set of multiply() on this machine, such as "AVX2".
std::string kernel_target();
/// What multiply_layers() runs on: the BLAS, or kernel_target().
std::string layer_kernel();

}  // namespace attnflow
