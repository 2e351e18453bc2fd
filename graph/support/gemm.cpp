#include "graph/support/gemm.hpp"

#ifdef ATTNFLOW_CBLAS
#include <algorithm>
#include <mutex>
#include <semaphore>
#include <set>
#include <vector>

#include <cblas.h>
#include <fmt/format.h>
#include <sys/mman.h>

#include "graph/support/error.hpp"
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
__attribute__((weak)) void* blas_memory_alloc(int);
__attribute__((weak)) void blas_memory_free(void*);
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

// OpenBLAS has a table of places for products that run at the same time, made for 64 threads in most builds; with
// more it crashes. Threads beyond that take turns.
constexpr std::size_t most_products = 64;
std::counting_semaphore<most_products> places(most_products);

struct Place {
    Place() { places.acquire(); }
    ~Place() { places.release(); }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
};

/// OpenBLAS keeps one buffer for each product that runs at the same time, and where the system refuses a new one
/// it tries again for ever. So the buffer of a thread is made before its first product, and only if there is room.
class BlasBuffers {
public:
    /// Called by a thread before it multiplies. Throws OutOfMemory.
    void join() {
        const std::lock_guard lock(mutex_);
        if (blas_memory_alloc != nullptr && blas_memory_free != nullptr &&
            known_.size() <= std::min(threads_, most_products - 1))
            add();
        ++threads_;
    }
    void leave() {
        const std::lock_guard lock(mutex_);
        --threads_;
    }

private:
    // Of OpenBLAS on most processors; and what other threads may take before it is mapped.
    static constexpr std::size_t buffer_bytes = std::size_t{128} << 20;
    static constexpr std::size_t spare_bytes = std::size_t{16} << 20;

    void add() {
        void* room = ::mmap(nullptr, buffer_bytes + spare_bytes, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (room == MAP_FAILED) {
            throw OutOfMemory(fmt::format(
                "not enough address space for matrix products in {} {}: each needs {} MiB beside the model, of "
                "which little is used; expected a higher limit (ulimit -v) or {}",
                threads_ + 1, threads_ == 0 ? "thread" : "threads", buffer_bytes >> 20,
                threads_ == 0 ? "none" : fmt::format("--jobs {}", threads_)));
        }
        ::munmap(room, buffer_bytes + spare_bytes);
        // Those that are not in use are given out first, so they are held until a new one comes.
        std::vector<void*> held;
        while (known_.size() <= std::min(threads_, most_products - 1)) {
            held.push_back(blas_memory_alloc(0));
            known_.insert(held.back());
        }
        for (void* buffer : held) blas_memory_free(buffer);
    }

    std::mutex mutex_;
    std::size_t threads_ = 0;  // that have multiplied and are still there
    std::set<void*> known_;    // buffers, which OpenBLAS keeps to the end
};

void take_part() {
    static BlasBuffers& buffers = *new BlasBuffers;  // never destroyed: threads may end after main() has
    struct Member {
        Member() { buffers.join(); }
        ~Member() { buffers.leave(); }
    };
    thread_local const Member member;
    static_cast<void>(member);
}

CBLAS_TRANSPOSE to_cblas(Flip flip) { return flip == Flip::yes ? CblasTrans : CblasNoTrans; }

int to_int(std::size_t size) { return static_cast<int>(size); }

}  // namespace

template <class Real>
void multiply(std::size_t m, std::size_t n, std::size_t k, Real scale, MatrixRef<const Real> a, Flip flip_a,
              MatrixRef<const Real> b, Flip flip_b, Real keep, MatrixRef<Real> c) {
    one_blas_thread();
    take_part();
    const Place place;
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
