#pragma once
/// Products of row-major matrices in memory: a thin layer over BLAS, or over Eigen where the
/// build found no CBLAS. Each call runs on the calling thread, whatever the threads of the
/// BLAS, so results do not depend on their number. The BLAS is loaded by the first call: a program that sets
/// OPENBLAS_NUM_THREADS=1 in its environment before spares the threads that OpenBLAS would start and not use.

#include <cstddef>
#include <string>

namespace attnflow {

/// A row-major matrix that somebody else owns; consecutive rows lie `stride` elements apart.
template <class Real>
struct MatrixRef {
    Real* data;
    std::size_t stride;
};

enum class Flip { no, yes };  ///< whether an operand is used as its transpose

/// C = scale · A B + keep · C, where A is m × k and B is k × n after the flips. C is not read
/// when `keep` is 0. With OpenBLAS each thread that multiplies takes 128 MiB of address space, of which few
/// pages are ever touched; throws OutOfMemory where a limit (ulimit -v) leaves no room for them, and InputError
/// where the BLAS that the build found is not there any more.
template <class Real>
void multiply(std::size_t m, std::size_t n, std::size_t k, Real scale, MatrixRef<const Real> a, Flip flip_a,
              MatrixRef<const Real> b, Flip flip_b, Real keep, MatrixRef<Real> c);

/// The BLAS in use and, where it says so, the processor that it runs its kernels of: "eigen",
/// "cblas", "OpenBLAS (Haswell)".
std::string gemm_backend();

}  // namespace attnflow
