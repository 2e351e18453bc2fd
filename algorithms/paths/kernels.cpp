// Vectors stand in arrays here, which takes sizes that are known when compiling.
#ifndef HWY_DISABLED_TARGETS
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#endif

#include "algorithms/paths/kernels.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <functional>
#include <limits>
#include <utility>

#include <hwy/aligned_allocator.h>

#include "graph/support/gemm.hpp"

// This file is compiled once for each instruction set.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "algorithms/paths/kernels.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace attnflow {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

template <class T>
using Tag = hn::ScalableTag<T>;
template <class T>
using Vector = hn::Vec<Tag<T>>;

// A semiring on vectors: `absorb` is add(sum, multiply(a, b)).
struct PlusTimesLanes {
    template <class V>
    static HWY_INLINE V absorb(V sum, V a, V b) {
        return hn::MulAdd(a, b, sum);
    }
};

struct MaxTimesLanes {
    static constexpr bool is_scaled = true;
    template <class V>
    static HWY_INLINE V multiply(V a, V b) {
        return hn::Mul(a, b);
    }
    template <class V>
    static HWY_INLINE V absorb(V sum, V a, V b) {
        return hn::Max(sum, hn::Mul(a, b));
    }
};

struct MaxMinLanes {
    static constexpr bool is_scaled = false;
    template <class V>
    static HWY_INLINE V multiply(V a, V b) {
        return hn::Min(a, b);
    }
    // Floats >= 0 are ordered as the integers of the same bits. Where there are integer maxima,
    // they run on other ports than floating-point minima: 54 -> 36 ms on Zen 4 for 11 products
    // with n = 512.
    template <class V>
    static HWY_INLINE V absorb(V sum, V a, V b) {
        const hn::DFromV<V> d;
        const V worth = hn::Min(a, b);
        if constexpr (sizeof(hn::TFromD<decltype(d)>) == 4 || (HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3)) {
            const hn::RebindToSigned<decltype(d)> bits;
            return hn::BitCast(d, hn::Max(hn::BitCast(bits, sum), hn::BitCast(bits, worth)));
        } else {
            return hn::Max(sum, worth);
        }
    }
};

// ---------------------------------------------------------------------------------------------
// Few rows, or small matrices: `right` is read once from end to end, four of its rows at a time.

// sums[j] += four factors times four rows of `right`, for all j.
template <class Lanes, class T>
HWY_INLINE void absorb_four(const T (&factors)[4], const T* const (&rows)[4], std::size_t columns, T* sums) {
    const auto absorb_from = [&](auto d, std::size_t j) HWY_ATTR {
        auto sum = hn::LoadU(d, sums + j);
        for (std::size_t r = 0; r < 4; ++r) {
            sum = Lanes::absorb(sum, hn::Set(d, factors[r]), hn::LoadU(d, rows[r] + j));
        }
        hn::StoreU(sum, d, sums + j);
    };
    const Tag<T> d;
    std::size_t j = 0;
    for (; j + hn::Lanes(d) <= columns; j += hn::Lanes(d)) absorb_from(d, j);
    for (; j < columns; ++j) absorb_from(hn::CappedTag<T, 1>(), j);
}

template <class Lanes, class T>
void stream_product(MatrixView<const T> left, MatrixView<const T> right, MatrixView<T> out) {
    constexpr std::size_t block = 8;  // rows of `out` that stay in the first-level cache
    std::fill_n(out.values, out.rows * out.columns, T(0));
    for (std::size_t i0 = 0; i0 < left.rows; i0 += block) {
        for (std::size_t k = 0; k < left.columns; k += 4) {
            const std::size_t count = std::min<std::size_t>(4, left.columns - k);
            const T* rows[4];
            for (std::size_t r = 0; r < 4; ++r)
                rows[r] = right.values + (k + std::min(r, count - 1)) * right.columns;
            for (std::size_t i = i0; i < std::min(i0 + block, left.rows); ++i) {
                T factors[4] = {};  // 0 changes no sum
                std::copy_n(left.values + i * left.columns + k, count, factors);
                if (std::count(factors, factors + 4, T(0)) == 4) continue;
                absorb_four<Lanes>(factors, rows, out.columns, out.values + i * out.columns);
            }
        }
    }
}

// ---------------------------------------------------------------------------------------------
// Maximum products of large matrices, with bounds (see kernels.hpp).

template <class Lanes, class T>
class BoundedProduct {
public:
    BoundedProduct(MatrixView<const T> left, MatrixView<const T> right, MatrixView<T> out)
        : left_(left),
          right_(right),
          out_(out),
          padded_columns_((out.columns + lanes() - 1) / lanes() * lanes()),
          largest_depth_(std::min(depth_block, left.columns)),
          packed_(hwy::AllocateAligned<T>(largest_depth_ * padded_columns_)),
          row_bounds_(hwy::AllocateAligned<T>(largest_depth_ * (padded_columns_ / lanes()))),
          column_bounds_(hwy::AllocateAligned<T>(padded_columns_)),
          scales_(hwy::AllocateAligned<T>(padded_columns_)),
          large_(hwy::AllocateAligned<Index>(row_block * depth_block)),
          rest_(hwy::AllocateAligned<Index>(depth_block)) {}

    void run() {
        for (std::size_t k0 = 0; k0 < left_.columns; k0 += depth_block) {
            first_ = k0;
            depth_ = std::min(depth_block, left_.columns - k0);
            for_each_panel([&](auto panel) HWY_ATTR { pack(panel); });
            for (std::size_t i0 = 0; i0 < left_.rows; i0 += row_block) {
                const std::size_t rows = std::min(row_block, left_.rows - i0);
                for (std::size_t r = 0; r < rows; ++r) find_large(i0 + r, r);
                for_each_panel([&](auto panel) HWY_ATTR {
                    for (std::size_t r = 0; r < rows; ++r) multiply_row(i0 + r, r, panel);
                });
            }
        }
    }

private:
    using Index = std::uint32_t;

    static constexpr std::size_t depth_block =
        512;  // rows of `right` at a time: a panel stays in the second-level cache
    static constexpr std::size_t row_block = 64;  // rows of `left` at a time
    static constexpr std::size_t chunk = 32;      // candidates between two looks at the bounds

    static HWY_INLINE std::size_t lanes() { return hn::Lanes(Tag<T>()); }

    /// Vectors of columns that are done together; `column` is the first.
    template <std::size_t Width>
    struct Panel {
        static constexpr std::size_t width = Width;
        std::size_t column;
    };

    template <class Body>
    HWY_INLINE void for_each_panel(const Body& body) {
        std::size_t column = 0;
        while (column < padded_columns_) {
            const std::size_t vectors = (padded_columns_ - column) / lanes();
            if (vectors >= 8) {
                body(Panel<8>{column});
                column += 8 * lanes();
            } else if (vectors >= 4) {
                body(Panel<4>{column});
                column += 4 * lanes();
            } else {
                body(Panel<1>{column});
                column += lanes();
            }
        }
    }

    // A panel's part of `right`, row after row; missing columns are 0.
    template <class P>
    HWY_INLINE T* packed(P panel) const {
        return packed_.get() + panel.column * depth_;
    }
    template <class P>
    HWY_INLINE T* row_bounds(P panel) const {
        return row_bounds_.get() + panel.column / lanes() * depth_;
    }

    template <class P>
    void pack(P panel) {
        const Tag<T> d;
        const std::size_t width = P::width * lanes();
        const std::size_t valid = std::min(width, right_.columns - panel.column);
        T* rows = packed(panel);
        Vector<T> largest[P::width];
        for (auto& v : largest) v = hn::Zero(d);
        for (std::size_t k = 0; k < depth_; ++k) {
            T* row = rows + k * width;
            std::copy_n(right_.values + (first_ + k) * right_.columns + panel.column, valid, row);
            std::fill(row + valid, row + width, T(0));
            for (std::size_t v = 0; v < P::width; ++v)
                largest[v] = hn::Max(largest[v], hn::Load(d, row + v * lanes()));
        }
        // Columns of different size are compared after scaling: any scale > 0 is right, this one
        // is sharp. The slack makes up for the rounding that it brings.
        Vector<T> scale[P::width];
        for (std::size_t v = 0; v < P::width; ++v) {
            const auto size = hn::Min(hn::Max(largest[v], hn::Set(d, T(0x1p-60))), hn::Set(d, T(1)));
            scale[v] = Lanes::is_scaled ? hn::Div(hn::Set(d, T(1)), size) : hn::Set(d, T(1));
            hn::Store(largest[v], d, column_bounds_.get() + panel.column + v * lanes());
            hn::Store(scale[v], d, scales_.get() + panel.column + v * lanes());
        }
        const T slack = Lanes::is_scaled ? T(1) + 16 * std::numeric_limits<T>::epsilon() : T(1);
        T* bounds = row_bounds(panel);
        for (std::size_t k = 0; k < depth_; ++k) {
            auto bound = hn::Zero(d);
            for (std::size_t v = 0; v < P::width; ++v) {
                bound = hn::Max(bound, hn::Mul(scale[v], hn::Load(d, rows + k * width + v * lanes())));
            }
            bounds[k] = slack * hn::GetLane(hn::MaxOfLanes(d, bound));
        }
    }

    // About a sixteenth of the row, its largest entries, by the third largest of 32 samples.
    void find_large(std::size_t i, std::size_t r) {
        const Tag<T> d;
        const T* row = left_.values + i * left_.columns + first_;
        T samples[32];
        for (std::size_t s = 0; s < 32; ++s) samples[s] = row[s * depth_ / 32];
        std::nth_element(samples, samples + 2, samples + 32, std::greater<T>());
        limits_[r] = samples[2];

        Index* list = large_.get() + r * depth_block;
        std::size_t count = 0;
        const auto limit = hn::Set(d, limits_[r]);
        std::size_t k = 0;
        for (; k + lanes() <= depth_; k += lanes()) {
            count += append(hn::Gt(hn::LoadU(d, row + k), limit), k, list + count);
        }
        for (; k < depth_; ++k) {
            if (row[k] > limits_[r]) list[count++] = static_cast<Index>(k);
        }
        large_count_[r] = count;
    }

    // Writes k plus the numbers of the lanes in `mask`; how many there were. Bit by bit, because
    // few are set, and Highway 1.0's Compress copies a table to the stack for 64-bit lanes.
    template <class Mask>
    static HWY_INLINE std::size_t append(Mask mask, std::size_t k, Index* list) {
        std::uint8_t bytes[8] = {};
        hn::StoreMaskBits(Tag<T>(), mask, bytes);
        std::uint64_t bits;
        std::memcpy(&bits, bytes, sizeof bits);
        std::size_t count = 0;
        for (; bits != 0; bits &= bits - 1)
            list[count++] = static_cast<Index>(k) + static_cast<Index>(std::countr_zero(bits));
        return count;
    }

    template <class P>
    struct Sums {
        Vector<T> v[P::width];
    };

    template <class P>
    HWY_INLINE void absorb(const T* row, const Index* list, std::size_t count, P panel, Sums<P>& sums) const {
        const Tag<T> d;
        const T* rows = packed(panel);
        Vector<T> v[P::width];  // a copy, so that it lives in registers
        for (std::size_t x = 0; x < P::width; ++x) v[x] = sums.v[x];
        for (std::size_t c = 0; c < count; ++c) {
            const auto factor = hn::Set(d, row[list[c]]);
            const T* from = rows + list[c] * P::width * lanes();
            for (std::size_t x = 0; x < P::width; ++x) {
                v[x] = Lanes::absorb(v[x], factor, hn::Load(d, from + x * lanes()));
            }
        }
        for (std::size_t x = 0; x < P::width; ++x) sums.v[x] = v[x];
    }

    // The smallest scaled sum of the open columns, when no factor above `limit` is left;
    // infinity when no column is open.
    template <class P>
    HWY_INLINE T smallest_open(T limit, P panel, const Sums<P>& sums) const {
        const Tag<T> d;
        const auto infinity = hn::Set(d, std::numeric_limits<T>::infinity());
        auto smallest = infinity;
        for (std::size_t x = 0; x < P::width; ++x) {
            const std::size_t column = panel.column + x * lanes();
            const auto reachable = Lanes::multiply(hn::Set(d, limit), hn::Load(d, column_bounds_.get() + column));
            const auto scaled = hn::Mul(sums.v[x], hn::Load(d, scales_.get() + column));
            smallest = hn::Min(smallest, hn::IfThenElse(hn::Lt(sums.v[x], reachable), scaled, infinity));
        }
        return hn::GetLane(hn::MinOfLanes(d, smallest));
    }

    // Candidates 0 < factor <= limit whose bound exceeds `reached`.
    template <class P>
    HWY_INLINE std::size_t find_rest(const T* row, T limit, T reached, P panel) {
        const Tag<T> d;
        const T* bounds = row_bounds(panel);
        std::size_t count = 0;
        std::size_t k = 0;
        for (; k + lanes() <= depth_; k += lanes()) {
            const auto factor = hn::LoadU(d, row + k);
            const auto useful =
                hn::And(hn::Gt(Lanes::multiply(factor, hn::LoadU(d, bounds + k)), hn::Set(d, reached)),
                        hn::Le(factor, hn::Set(d, limit)));
            count += append(useful, k, rest_.get() + count);
        }
        for (; k < depth_; ++k) {
            if (row[k] <= limit && is_useful(row[k], bounds[k], reached)) rest_[count++] = static_cast<Index>(k);
        }
        return count;
    }

    static HWY_INLINE bool is_useful(T factor, T bound, T reached) {
        return (Lanes::is_scaled ? factor * bound : std::min(factor, bound)) > reached;
    }

    template <class P>
    HWY_INLINE void multiply_row(std::size_t i, std::size_t r, P panel) {
        const T* row = left_.values + i * left_.columns + first_;
        Sums<P> sums;
        load(i, panel, sums);
        absorb(row, large_.get() + r * depth_block, large_count_[r], panel, sums);
        const T limit = limits_[r];
        T reached = smallest_open(limit, panel, sums);
        if (reached < limit_of_use(limit)) {
            const T* bounds = row_bounds(panel);
            std::size_t count = find_rest(row, limit, reached, panel);
            for (std::size_t c = 0; c < count;) {
                const std::size_t next = std::min(chunk, count - c);
                absorb(row, rest_.get() + c, next, panel, sums);
                c += next;
                if (c == count) break;
                reached = smallest_open(limit, panel, sums);
                const auto useless = [&](Index k) { return !is_useful(row[k], bounds[k], reached); };
                count = static_cast<std::size_t>(std::remove_if(rest_.get() + c, rest_.get() + count, useless) -
                                                 rest_.get());
            }
        }
        store(i, panel, sums);
    }

    // No scaled product of a factor <= limit exceeds this (row bounds are at most about 1 when scaled).
    static T limit_of_use(T limit) { return Lanes::is_scaled ? std::numeric_limits<T>::infinity() : limit; }

    template <class P>
    HWY_INLINE void load(std::size_t i, P panel, Sums<P>& sums) const {
        const Tag<T> d;
        HWY_ALIGN T buffer[P::width * hn::MaxLanes(Tag<T>())] = {};
        if (first_ > 0) std::copy_n(out_.values + i * out_.columns + panel.column, valid(panel), buffer);
        for (std::size_t x = 0; x < P::width; ++x) sums.v[x] = hn::Load(d, buffer + x * lanes());
    }

    template <class P>
    HWY_INLINE void store(std::size_t i, P panel, const Sums<P>& sums) const {
        const Tag<T> d;
        HWY_ALIGN T buffer[P::width * hn::MaxLanes(Tag<T>())];
        for (std::size_t x = 0; x < P::width; ++x) hn::Store(sums.v[x], d, buffer + x * lanes());
        std::copy_n(buffer, valid(panel), out_.values + i * out_.columns + panel.column);
    }

    template <class P>
    HWY_INLINE std::size_t valid(P panel) const {
        return std::min(P::width * lanes(), out_.columns - panel.column);
    }

    MatrixView<const T> left_;
    MatrixView<const T> right_;
    MatrixView<T> out_;
    std::size_t padded_columns_;
    std::size_t largest_depth_;
    std::size_t first_ = 0;  // of the current block of `right`
    std::size_t depth_ = 0;
    hwy::AlignedFreeUniquePtr<T[]> packed_;         // by panel, row, column
    hwy::AlignedFreeUniquePtr<T[]> row_bounds_;     // by panel, row: its largest scaled entry
    hwy::AlignedFreeUniquePtr<T[]> column_bounds_;  // by column: its largest entry
    hwy::AlignedFreeUniquePtr<T[]> scales_;         // by column
    hwy::AlignedFreeUniquePtr<Index[]> large_;      // by row of a block
    hwy::AlignedFreeUniquePtr<Index[]> rest_;
    std::size_t large_count_[row_block] = {};
    T limits_[row_block] = {};  // the entries of a row above it are its large ones
};

template <class Lanes, class T>
void max_product(MatrixView<const T> left, MatrixView<const T> right, MatrixView<T> out) {
    // Bounds cost O(n^2) a product and O(n) a row: smaller products are faster without.
    if (left.rows < 8 || left.columns < 64 || out.columns < 64) {
        stream_product<Lanes>(left, right, out);
    } else {
        BoundedProduct<Lanes, T>(left, right, out).run();
    }
}

}  // namespace

// The functions that dispatch chooses from; it takes no templates.
#define ATTNFLOW_KERNELS(name, T)                                                                    \
    void plus_times_##name(MatrixView<const T> left, MatrixView<const T> right, MatrixView<T> out) { \
        stream_product<PlusTimesLanes>(left, right, out);                                            \
    }                                                                                                \
    void max_times_##name(MatrixView<const T> left, MatrixView<const T> right, MatrixView<T> out) {  \
        max_product<MaxTimesLanes>(left, right, out);                                                \
    }                                                                                                \
    void max_min_##name(MatrixView<const T> left, MatrixView<const T> right, MatrixView<T> out) {    \
        max_product<MaxMinLanes>(left, right, out);                                                  \
    }
ATTNFLOW_KERNELS(f32, float)
ATTNFLOW_KERNELS(f64, double)
#undef ATTNFLOW_KERNELS

const char* target_name() { return hwy::TargetName(HWY_TARGET); }

}  // namespace HWY_NAMESPACE
}  // namespace attnflow
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace attnflow {

HWY_EXPORT(target_name);
#define ATTNFLOW_DISPATCH(Ring, kernel, T)                                                                  \
    HWY_EXPORT(kernel);                                                                                     \
    void multiply(const Ring<T>&, MatrixView<const T> left, MatrixView<const T> right, MatrixView<T> out) { \
        HWY_DYNAMIC_DISPATCH(kernel)(left, right, out);                                                     \
    }
ATTNFLOW_DISPATCH(PlusTimes, plus_times_f32, float)
ATTNFLOW_DISPATCH(PlusTimes, plus_times_f64, double)
ATTNFLOW_DISPATCH(MaxTimes, max_times_f32, float)
ATTNFLOW_DISPATCH(MaxTimes, max_times_f64, double)
ATTNFLOW_DISPATCH(MaxMin, max_min_f32, float)
ATTNFLOW_DISPATCH(MaxMin, max_min_f64, double)
#undef ATTNFLOW_DISPATCH

namespace {

template <class T>
void multiply_by_blas(MatrixView<const T> left, MatrixView<const T> right, MatrixView<T> out) {
    multiply<T>(left.rows, right.columns, left.columns, T(1), {left.values, left.columns}, Flip::no,
                {right.values, right.columns}, Flip::no, T(0), {out.values, out.columns});
}

// Old versions of OpenBLAS give wrong products on processors that they do not know. Whole numbers
// make products exact, so any difference is an error.
template <class T>
bool blas_is_right() {
    for (const std::size_t n : {3u, 40u, 200u}) {
        RowMajor<T> left(n, n + 1);
        RowMajor<T> right(n + 1, n + 2);
        std::size_t number = 1;
        for (RowMajor<T>* matrix : {&left, &right}) {
            for (T& value : matrix->values()) value = static_cast<T>((number = number * 75 % 65537) % 16);
        }
        RowMajor<T> expected(n, n + 2);
        RowMajor<T> product(n, n + 2);
        multiply(PlusTimes<T>(), view(std::as_const(left)), view(std::as_const(right)), view(expected));
        multiply_by_blas(view(std::as_const(left)), view(std::as_const(right)), view(product));
        if (product != expected) return false;
    }
    return true;
}

// Eigen is compiled for the oldest processor of the platform; our own loops are faster.
template <class T>
bool use_blas() {
    static const bool use = gemm_backend() != "eigen" && blas_is_right<T>();
    return use;
}

template <class T>
void multiply_layers_of(MatrixView<const T> left, MatrixView<const T> right, MatrixView<T> out) {
    if (use_blas<T>()) {
        multiply_by_blas(left, right, out);
    } else {
        multiply(PlusTimes<T>(), left, right, out);
    }
}

}  // namespace

void multiply_layers(const PlusTimes<float>&, MatrixView<const float> left, MatrixView<const float> right,
                     MatrixView<float> out) {
    multiply_layers_of(left, right, out);
}
void multiply_layers(const PlusTimes<double>&, MatrixView<const double> left, MatrixView<const double> right,
                     MatrixView<double> out) {
    multiply_layers_of(left, right, out);
}

std::string kernel_target() { return HWY_DYNAMIC_DISPATCH(target_name)(); }
std::string layer_kernel() { return use_blas<float>() && use_blas<double>() ? gemm_backend() : kernel_target(); }

}  // namespace attnflow
#endif
