#include "graph/support/gemm.hpp"

#ifdef ATTNFLOW_CBLAS
#include <cblas.h>
#else
#include <utility>

#include <Eigen/Core>
#endif

#ifdef ATTNFLOW_CBLAS
// OpenBLAS has threads of its own, which would compete with ours and make sums depend on their
// number. Weak: another BLAS does not have the functions.
extern "C" {
__attribute__((weak)) void openblas_set_num_threads(int);
__attribute__((weak)) char* openblas_get_corename();
}
#endif

namespace attnflow {

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

std::string gemm_backend() {
    return openblas_get_corename != nullptr ? std::string("OpenBLAS (") + openblas_get_corename() + ")" : "cblas";
}

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

std::string gemm_backend() { return "eigen"; }

#endif

template void multiply(std::size_t, std::size_t, std::size_t, float, MatrixRef<const float>, Flip,
                       MatrixRef<const float>, Flip, float, MatrixRef<float>);
template void multiply(std::size_t, std::size_t, std::size_t, double, MatrixRef<const double>, Flip,
                       MatrixRef<const double>, Flip, double, MatrixRef<double>);

}  // namespace attnflow
