/// All-pairs path products: our kernels against raw OpenBLAS and SuiteSparse:GraphBLAS on the same
/// matrices. Rows are paths/NAME/GENERATOR/L/n; every answer is compared before it is timed.
/// See README.md in this folder.

#include <cstdlib>
#include <map>
#include <memory>

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "algorithms/paths/path_product.hpp"
#include "graph/generators/network_generator.hpp"

#ifdef ATTNFLOW_CBLAS
#include <cblas.h>
#endif
#ifdef ATTNFLOW_GRAPHBLAS
extern "C" {
#include <GraphBLAS.h>
}
#endif

namespace {

using namespace attnflow;

constexpr std::size_t layers = 12;

/// Made once, although a row is called several times.
template <class T>
const LayeredNetwork<T>& instance(const std::string& generator, std::size_t n) {
    static std::map<std::pair<std::string, std::size_t>, LayeredNetwork<T>> made;
    const auto key = std::pair(generator, n);
    if (const auto found = made.find(key); found != made.end()) return found->second;
    const auto network = network_generators().at(generator).make()->generate({layers, n}, 1);
    std::vector<T> weights(network.slots());
    std::transform(network.capacities().begin(), network.capacities().end(), weights.begin(),
                   [](double weight) { return static_cast<T>(weight); });
    LayeredNetwork<T> rounded({network.widths().begin(), network.widths().end()}, std::move(weights));
    return made.emplace(key, std::move(rounded)).first->second;
}

/// As the methods do it: one sweep from the input.
template <class S, class T>
RowMajor<T> by_sweep(const S& semiring, const LayeredNetwork<T>& network) {
    const std::size_t layer[] = {network.layers()};
    std::vector<std::size_t> sources(network.width(network.layers()));
    std::iota(sources.begin(), sources.end(), std::size_t{0});
    return std::move(path_products(semiring, network, layer, sources).front());
}

/// By the plain loops, without vectors or bounds; made once.
template <class S>
const RowMajor<typename S::Value>& expected(const S& semiring, const std::string& generator, std::size_t n) {
    using Rows = RowMajor<typename S::Value>;
    static std::map<std::pair<std::string, std::size_t>, Rows> made;
    const auto key = std::pair(generator, n);
    if (const auto found = made.find(key); found != made.end()) return found->second;
    const auto& network = instance<typename S::Value>(generator, n);
    Rows reached(n, n);
    std::copy(network.layer(1).begin(), network.layer(1).end(), reached.values().begin());
    for (std::size_t l = 2; l <= layers; ++l) {
        Rows above(n, n);
        multiply<S>(semiring, {network.layer(l).data(), n, n}, view(std::as_const(reached)), view(above));
        reached = std::move(above);
    }
    return made.emplace(key, std::move(reached)).first->second;
}

// "" when both agree, exactly or (sums) up to rounding.
template <class T>
std::string difference(const RowMajor<T>& ours, const RowMajor<T>& expected, double relative) {
    for (std::size_t i = 0; i < ours.rows(); ++i) {
        for (std::size_t j = 0; j < ours.columns(); ++j) {
            const double error = std::abs(static_cast<double>(ours(i, j)) - static_cast<double>(expected(i, j)));
            if (!(error <= relative * static_cast<double>(expected(i, j)))) {
                return fmt::format("[{}, {}] is {}, expected {}", i, j, ours(i, j), expected(i, j));
            }
        }
    }
    return "";
}

/// Times `run` after its answer has been compared with that of the plain loops.
template <class S, class Run>
void time_checked(benchmark::State& state, const S& semiring, const std::string& generator, std::size_t n,
                  const Run& run) {
    const double relative = SelectiveSemiring<S> ? 0.0 : 1e3 * std::numeric_limits<typename S::Value>::epsilon();
    const std::string failure = difference(run(), expected(semiring, generator, n), relative);
    if (!failure.empty()) return state.SkipWithError(failure.c_str());
    for (auto _ : state) benchmark::DoNotOptimize(run());
    const auto size = static_cast<double>(n);
    state.counters["steps/s"] = benchmark::Counter(static_cast<double>(layers - 1) * size * size * size,
                                                   benchmark::Counter::kIsIterationInvariantRate);
}

template <class S>
void sweep(benchmark::State& state, const std::string& generator, std::size_t n) {
    const auto& network = instance<typename S::Value>(generator, n);
    state.SetLabel(SelectiveSemiring<S> ? kernel_target() : layer_kernel());
    time_checked(state, S(), generator, n, [&] { return by_sweep(S(), network); });
}

#ifdef ATTNFLOW_CBLAS
void gemm(int n, const float* a, const float* b, float* c) {
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, n, n, n, 1.0f, a, n, b, n, 0.0f, c, n);
}
void gemm(int n, const double* a, const double* b, double* c) {
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, n, n, n, 1.0, a, n, b, n, 0.0, c, n);
}

/// The same products by calls of the library alone, memory ready.
template <class T>
void raw_blas(benchmark::State& state, const std::string& generator, std::size_t n) {
    const auto& network = instance<T>(generator, n);
    state.SetLabel(layer_kernel());  // its first call also holds the BLAS to one thread
    RowMajor<T> reached(n, n);
    RowMajor<T> above(n, n);
    time_checked(state, PlusTimes<T>(), generator, n, [&]() -> const RowMajor<T>& {
        const T* below = network.layer(1).data();
        for (std::size_t l = 2; l <= layers; ++l) {
            gemm(static_cast<int>(n), network.layer(l).data(), below, above.values().data());
            std::swap(reached, above);
            below = reached.values().data();
        }
        return reached;
    });
}
#endif

#ifdef ATTNFLOW_GRAPHBLAS
void require(GrB_Info info) {
    if (info != GrB_SUCCESS) throw InternalError(fmt::format("GraphBLAS: error {}", static_cast<int>(info)));
}

class DenseMatrix {
public:
    explicit DenseMatrix(std::size_t n) { require(GrB_Matrix_new(&matrix_, GrB_FP32, n, n)); }
    DenseMatrix(std::size_t n, std::span<const float> values) : DenseMatrix(n) {
        void* copy = std::malloc(values.size_bytes());
        std::copy(values.begin(), values.end(), static_cast<float*>(copy));
        require(GxB_Matrix_pack_FullR(matrix_, &copy, values.size_bytes(), false, nullptr));
    }
    DenseMatrix(const DenseMatrix&) = delete;
    DenseMatrix& operator=(const DenseMatrix&) = delete;
    ~DenseMatrix() { GrB_Matrix_free(&matrix_); }
    GrB_Matrix get() const { return matrix_; }

private:
    GrB_Matrix matrix_ = nullptr;
};

/// SuiteSparse:GraphBLAS, max-min semiring, full matrices by row, one thread.
void graphblas_max_min(benchmark::State& state, const std::string& generator, std::size_t n) {
    static const bool initialised = [] {
        require(GrB_init(GrB_NONBLOCKING));
        require(GxB_Global_Option_set(GxB_GLOBAL_NTHREADS, 1));
        return true;
    }();
    static_cast<void>(initialised);
    const auto& network = instance<float>(generator, n);
    std::vector<std::unique_ptr<DenseMatrix>> matrices;
    for (std::size_t l = 1; l <= layers; ++l) {
        matrices.push_back(std::make_unique<DenseMatrix>(n, network.layer(l)));
    }
    std::unique_ptr<DenseMatrix> result;
    const auto products = [&] {
        GrB_Matrix below = matrices.front()->get();
        for (std::size_t l = 2; l <= layers; ++l) {
            auto above = std::make_unique<DenseMatrix>(n);
            require(
                GrB_mxm(above->get(), nullptr, nullptr, GxB_MAX_MIN_FP32, matrices[l - 1]->get(), below, nullptr));
            require(GrB_Matrix_wait(above->get(), GrB_MATERIALIZE));
            result = std::move(above);
            below = result->get();
        }
    };
    products();
    RowMajor<float> values(n, n);
    GrB_Index count = n * n;
    std::vector<GrB_Index> rows(count);
    std::vector<GrB_Index> columns(count);
    std::vector<float> entries(count);
    require(GrB_Matrix_extractTuples_FP32(rows.data(), columns.data(), entries.data(), &count, result->get()));
    for (std::size_t k = 0; k < count; ++k) values(rows[k], columns[k]) = entries[k];
    const std::string failure = difference(values, expected(MaxMin<float>(), generator, n), 0.0);
    if (!failure.empty()) return state.SkipWithError(failure.c_str());
    for (auto _ : state) products();
}
#endif

using Row = void (*)(benchmark::State&, const std::string&, std::size_t);

void add(const char* name, Row row, const char* generator, std::size_t n) {
    benchmark::RegisterBenchmark(fmt::format("paths/{}/{}/{}/{}", name, generator, layers, n).c_str(),
                                 [=](benchmark::State& state) { row(state, generator, n); })
        ->Unit(benchmark::kMillisecond);
}

}  // namespace

int main(int argc, char** argv) {
    for (const std::size_t n : {128u, 512u}) {
        for (const char* generator : {"diffuse", "uneven_keys", "causal"}) {
            add("widest_path_f32", sweep<MaxMin<float>>, generator, n);
            add("best_path_f32", sweep<MaxTimes<float>>, generator, n);
        }
        add("widest_path_f64", sweep<MaxMin<double>>, "diffuse", n);
        add("best_path_f64", sweep<MaxTimes<double>>, "diffuse", n);
        add("rollout_f32", sweep<PlusTimes<float>>, "diffuse", n);
        add("rollout_f64", sweep<PlusTimes<double>>, "diffuse", n);
#ifdef ATTNFLOW_CBLAS
        add("rollout_f32_raw_blas", raw_blas<float>, "diffuse", n);
        add("rollout_f64_raw_blas", raw_blas<double>, "diffuse", n);
#endif
#ifdef ATTNFLOW_GRAPHBLAS
        add("widest_path_f32_graphblas", graphblas_max_min, "diffuse", n);
#endif
    }
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
    benchmark::RunSpecifiedBenchmarks();
}
