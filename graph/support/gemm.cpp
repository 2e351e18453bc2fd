#include "graph/support/gemm.hpp"

#ifdef ATTNFLOW_CBLAS
#include <algorithm>
#include <mutex>
#include <semaphore>
#include <set>
#include <type_traits>
#include <vector>

#include <cblas.h>
#include <dlfcn.h>
#include <fmt/format.h>
#include <sys/mman.h>

#include "graph/support/error.hpp"
#else
#include <utility>

#include <Eigen/Core>
#endif

namespace attnflow {

#ifdef ATTNFLOW_CBLAS

namespace {

/// The BLAS of the build, loaded when it is first used: OpenBLAS starts a thread a core and takes address space
/// for each as soon as it is loaded, and where a limit leaves none (ulimit -v) it waits for ever.
struct Blas {
    decltype(&::cblas_sgemm) sgemm = nullptr;
    decltype(&::cblas_dgemm) dgemm = nullptr;
    // Of OpenBLAS only.
    void (*set_num_threads)(int) = nullptr;
    int (*get_parallel)() = nullptr;
    char* (*get_corename)() = nullptr;
    void* (*memory_alloc)(int) = nullptr;
    void (*memory_free)(void*) = nullptr;
    /// Whether one product at a time may run: of an OpenBLAS built without threads two at a time take one buffer
    /// and give wrong numbers (0.3.21 as Debian builds it; not all such builds say whether they have a lock).
    bool alone = false;

    static const Blas& get() {
        static const Blas blas;  // a failure is told again by the next call
        return blas;
    }

private:
    Blas() {
        void* library = ::dlopen(ATTNFLOW_CBLAS, RTLD_NOW | RTLD_LOCAL);
        if (library == nullptr) fail(::dlerror());
        const auto find = [&](auto& function, const char* name) {
            function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(::dlsym(library, name));
        };
        find(sgemm, "cblas_sgemm");
        find(dgemm, "cblas_dgemm");
        if (sgemm == nullptr || dgemm == nullptr) fail("it has no cblas_sgemm and cblas_dgemm");
        find(set_num_threads, "openblas_set_num_threads");
        find(get_parallel, "openblas_get_parallel");
        find(get_corename, "openblas_get_corename");
        find(memory_alloc, "blas_memory_alloc");
        find(memory_free, "blas_memory_free");
        // Threads of its own would compete with ours and make sums depend on their number.
        if (set_num_threads != nullptr) set_num_threads(1);
        alone = get_parallel != nullptr && get_parallel() == 0;
    }

    [[noreturn]] static void fail(const std::string& reason) {
        const std::string message = "matrix products need the BLAS that attnflow was built with: " + reason;
        const auto says = [&](const char* words) { return reason.find(words) != std::string::npos; };
        if (says("memory") || says("failed to map"))
            throw OutOfMemory(message + "; expected room for it, about 48 MiB (ulimit -v)");
        throw InputError(message + "; expected it installed, or attnflow built with -DATTNFLOW_BLAS=OFF");
    }
};

// OpenBLAS has a table of places for products that run at the same time, made for 64 threads in most builds; with
// more it crashes. Threads beyond that take turns.
constexpr std::ptrdiff_t most_products = 64;

class Place {
public:
    Place() { places().acquire(); }
    ~Place() { places().release(); }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

private:
    static std::counting_semaphore<most_products>& places() {
        static std::counting_semaphore<most_products> all(Blas::get().alone ? 1 : most_products);
        return all;
    }
};

/// OpenBLAS keeps one buffer for each product that runs at the same time, and where the system refuses a new one
/// it tries again for ever. So the buffer of a thread is made before its first product, and only if there is room.
class BlasBuffers {
public:
    /// Called by a thread before it multiplies. Throws OutOfMemory.
    void join() {
        const std::lock_guard lock(mutex_);
        const Blas& blas = Blas::get();
        if (blas.memory_alloc != nullptr && blas.memory_free != nullptr && known_.size() <= last()) add(blas);
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

    /// Buffers that the threads so far need, less one.
    std::size_t last() const { return Blas::get().alone ? 0 : std::min<std::size_t>(threads_, most_products - 1); }

    void add(const Blas& blas) {
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
        while (known_.size() <= last()) {
            held.push_back(blas.memory_alloc(0));
            known_.insert(held.back());
        }
        for (void* buffer : held) blas.memory_free(buffer);
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
    const Blas& blas = Blas::get();
    take_part();
    const Place place;
    if constexpr (sizeof(Real) == sizeof(float)) {
        blas.sgemm(CblasRowMajor, to_cblas(flip_a), to_cblas(flip_b), to_int(m), to_int(n), to_int(k), scale,
                   a.data, to_int(a.stride), b.data, to_int(b.stride), keep, c.data, to_int(c.stride));
    } else {
        blas.dgemm(CblasRowMajor, to_cblas(flip_a), to_cblas(flip_b), to_int(m), to_int(n), to_int(k), scale,
                   a.data, to_int(a.stride), b.data, to_int(b.stride), keep, c.data, to_int(c.stride));
    }
}

std::string gemm_backend() {
    const Blas& blas = Blas::get();
    return blas.get_corename != nullptr ? fmt::format("OpenBLAS ({})", blas.get_corename()) : "cblas";
}

#else

template <class Real>
void multiply(std::size_t m, std::size_t n, std::size_t k, Real scale, MatrixRef<const Real> a, Flip flip_a,
              MatrixRef<const Real> b, Flip flip_b, Real keep, MatrixRef<Real> c) {
    using Matrix = Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    using In = Eigen::Map<const Matrix, 0, Eigen::OuterStride<>>;
    using Out = Eigen::Map<Matrix, 0, Eigen::OuterStride<>>;
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
