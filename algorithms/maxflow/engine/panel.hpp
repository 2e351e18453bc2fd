#pragma once
/// A dense matrix laid out for vector instructions: rows start on 64-byte boundaries and are
/// padded with zeros to a whole number of 64-byte blocks, so that kernels need no tail loop.

#include <cstddef>
#include <new>
#include <vector>

namespace attnflow::engine {

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

template <class T>
class Panel {
public:
    Panel() = default;
    Panel(std::size_t rows, std::size_t columns)
        : rows_(rows), columns_(columns), stride_(padded(columns)), values_(rows * stride_, T(0)) {}

    static constexpr std::size_t padded(std::size_t columns) {
        constexpr std::size_t block = 64 / sizeof(T);
        return (columns + block - 1) / block * block;
    }

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
    std::vector<T, AlignedAllocator<T>> values_;
};

}  // namespace attnflow::engine
