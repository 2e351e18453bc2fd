#pragma once
/// A dense matrix laid out for vector instructions: rows start on 64-byte boundaries and are
/// padded with zeros to a whole number of 64-byte blocks, so that kernels need no tail loop.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <new>
#include <vector>

namespace attnflow::engine {

/// Capacity, flow, mass, demand: a multiple of the unit 2^-b. Sums of capacities of one layer, and two of those
/// added, fit (graph/capacity.hpp).
using Amount = std::int64_t;

template <class T>
struct AlignedAllocator {
    using value_type = T;
    static constexpr std::align_val_t alignment{64};

    AlignedAllocator() = default;
    template <class U>
    AlignedAllocator(const AlignedAllocator<U>&) {}

    T* allocate(std::size_t n) { return static_cast<T*>(::operator new(n * sizeof(T), alignment)); }
    void deallocate(T* p, std::size_t) { ::operator delete(p, alignment); }
    bool operator==(const AlignedAllocator&) const { return true; }
};

/// One row of a panel on its own.
template <class T>
using Row = std::vector<T, AlignedAllocator<T>>;

/// Values of a block; rows are padded to a whole number of them.
inline constexpr std::size_t per_block = 64 / sizeof(Amount);

inline constexpr std::size_t padded(std::size_t columns) {
    return (columns + per_block - 1) / per_block * per_block;
}

/// T: a type of 8 bytes.
template <class T>
class Panel {
public:
    static_assert(sizeof(T) == sizeof(Amount));

    Panel() = default;
    Panel(std::size_t rows, std::size_t columns)
        : rows_(rows), columns_(columns), stride_(padded(columns)), values_(rows * stride_, T(0)) {}

    std::size_t rows() const { return rows_; }
    std::size_t columns() const { return columns_; }
    /// Distance between rows; whole rows may be read and written, padding included.
    std::size_t stride() const { return stride_; }
    bool empty() const { return values_.empty(); }

    T* row(std::size_t i) { return values_.data() + i * stride_; }
    const T* row(std::size_t i) const { return values_.data() + i * stride_; }
    T& operator()(std::size_t i, std::size_t j) { return row(i)[j]; }
    const T& operator()(std::size_t i, std::size_t j) const { return row(i)[j]; }

private:
    std::size_t rows_ = 0;
    std::size_t columns_ = 0;
    std::size_t stride_ = 0;
    Row<T> values_;
};

/// `to`, columns x rows, becomes the transpose.
template <class T>
void transpose(const Panel<T>& from, Panel<T>& to) {
    constexpr std::size_t together = 16;  // columns: a cache line or two
    for (std::size_t first = 0; first < from.columns(); first += together) {
        const std::size_t last = std::min(first + together, from.columns());
        for (std::size_t i = 0; i < from.rows(); ++i) {
            for (std::size_t j = first; j < last; ++j) to(j, i) = from(i, j);
        }
    }
}

}  // namespace attnflow::engine
