#include "attention/model/matrix.hpp"

#include <algorithm>

#include "graph/support/parallel.hpp"

#ifdef ATTNFLOW_CBLAS
#include <cblas.h>
#else
#include <Eigen/Core>
#endif

#ifdef ATTNFLOW_CBLAS
// OpenBLAS has threads of its own, which would compete with ours and make sums depend on their
// number. Weak: another BLAS does not have the function.
extern "C" __attribute__((weak)) void openblas_set_num_threads(int);
#endif

namespace attnflow {
namespace {

// A tile of a product takes about a millisecond at the sizes of BERT-base: long enough to be
// worth handing to a thread, short enough to share work evenly.
constexpr std::size_t tile_rows = 128;
constexpr std::size_t tile_columns = 384;

template <class Body>
void for_each_tile(std::size_t rows, std::size_t columns, std::size_t jobs, const Body& body) {
    const std::size_t down = (rows + tile_rows - 1) / tile_rows;
    const std::size_t across = (columns + tile_columns - 1) / tile_columns;
    parallel_for(down * across, jobs, [&](std::size_t tile, std::size_t) {
        const std::size_t row = tile / across * tile_rows;
        const std::size_t column = tile % across * tile_columns;
        body(row, std::min(tile_rows, rows - row), column, std::min(tile_columns, columns - column));
    });
}

}  // namespace

#ifdef ATTNFLOW_CBLAS

namespace {

void one_blas_thread() {
    static const bool done = [] {
        if (openblas_set_num_threads != nullptr) openblas_set_num_threads(1);
        return true;
    }();
    static_cast<void>(done);
}

CBLAS_TRANSPOSE to_cblas(Flip flip) { return flip == Flip::yes ? CblasTrans : CblasNoTrans; }

int to_int(std::size_t size) { return static_cast<int>(size); }

}  // namespace

template <class Real>
void multiply(std::size_t m, std::size_t n, std::size_t k, Real scale, MatrixRef<const Real> a, Flip flip_a,
              MatrixRef<const Real> b, Flip flip_b, Real keep, MatrixRef<Real> c) {
    one_blas_thread();
    if constexpr (sizeof(Real) == sizeof(float)) {
        cblas_sgemm(CblasRowMajor, to_cblas(flip_a), to_cblas(flip_b), to_int(m), to_int(n), to_int(k), scale,
                    a.data, to_int(a.stride), b.data, to_int(b.stride), keep, c.data, to_int(c.stride));
    } else {
        cblas_dgemm(CblasRowMajor, to_cblas(flip_a), to_cblas(flip_b), to_int(m), to_int(n), to_int(k), scale,
                    a.data, to_int(a.stride), b.data, to_int(b.stride), keep, c.data, to_int(c.stride));
    }
}

const char* matrix_backend() { return "cblas"; }

#else

template <class Real>
void multiply(std::size_t m, std::size_t n, std::size_t k, Real scale, MatrixRef<const Real> a, Flip flip_a,
              MatrixRef<const Real> b, Flip flip_b, Real keep, MatrixRef<Real> c) {
    using Matrix = Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    using In = Eigen::Map<const Matrix, 0, Eigen::OuterStride<> >;
    using Out = Eigen::Map<Matrix, 0, Eigen::OuterStride<> >;
    const auto index = [](std::size_t size) { return static_cast<Eigen::Index>(size); };
    const auto view = [&](MatrixRef<const Real> matrix, std::size_t rows, std::size_t columns, Flip flip) {
        if (flip == Flip::yes) std::swap(rows, columns);
        return In(matrix.data, index(rows), index(columns), Eigen::OuterStride<>(index(matrix.stride)));
    };
    const In left = view(a, m, k, flip_a);
    const In right = view(b, k, n, flip_b);
    Out out(c.data, index(m), index(n), Eigen::OuterStride<>(index(c.stride)));
    if (keep == Real(0)) {
        out.setZero();
    } else if (keep != Real(1)) {
        out *= keep;
    }
    if (flip_a == Flip::no && flip_b == Flip::no) out.noalias() += scale * left * right;
    if (flip_a == Flip::no && flip_b == Flip::yes) out.noalias() += scale * left * right.transpose();
    if (flip_a == Flip::yes && flip_b == Flip::no) out.noalias() += scale * left.transpose() * right;
    if (flip_a == Flip::yes && flip_b == Flip::yes) out.noalias() += scale * left.transpose() * right.transpose();
}

const char* matrix_backend() { return "eigen"; }

#endif

template <class Real>
void linear(std::size_t rows, std::size_t in, std::size_t out, const Real* x, const Real* weight, const Real* bias,
            Real* result, std::size_t jobs) {
    for_each_tile(
        rows, out, jobs, [&](std::size_t row, std::size_t height, std::size_t column, std::size_t width) {
            Real* tile = result + row * out + column;
            if (bias != nullptr) {
                for (std::size_t i = 0; i < height; ++i) std::copy_n(bias + column, width, tile + i * out);
            }
            multiply<Real>(height, width, in, Real(1), {x + row * in, in}, Flip::no, {weight + column * in, in},
                           Flip::yes, bias != nullptr ? Real(1) : Real(0), {tile, out});
        });
}

template <class Real>
void linear_backward(std::size_t rows, std::size_t in, std::size_t out, const Real* dy, const Real* weight,
                     Real keep, Real* result, std::size_t jobs) {
    for_each_tile(rows, in, jobs, [&](std::size_t row, std::size_t height, std::size_t column, std::size_t width) {
        multiply<Real>(height, width, out, Real(1), {dy + row * out, out}, Flip::no, {weight + column, in},
                       Flip::no, keep, {result + row * in + column, in});
    });
}

#define ATTNFLOW_MATRIX(Real)                                                                                   \
    template void multiply(std::size_t, std::size_t, std::size_t, Real, MatrixRef<const Real>, Flip,            \
                           MatrixRef<const Real>, Flip, Real, MatrixRef<Real>);                                 \
    template void linear(std::size_t, std::size_t, std::size_t, const Real*, const Real*, const Real*, Real*,   \
                         std::size_t);                                                                          \
    template void linear_backward(std::size_t, std::size_t, std::size_t, const Real*, const Real*, Real, Real*, \
                                  std::size_t);
ATTNFLOW_MATRIX(float)
ATTNFLOW_MATRIX(double)
#undef ATTNFLOW_MATRIX

}  // namespace attnflow
