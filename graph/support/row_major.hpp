#pragma once
/// A plain row-major matrix that owns its values, for interfaces that should not
/// pull in a linear algebra library.

#include <cstddef>
#include <span>
#include <utility>
#include <vector>

namespace attnflow {

template <class T>
class RowMajor {
public:
    RowMajor() = default;
    RowMajor(std::size_t rows, std::size_t columns, T value = T())
        : rows_(rows), columns_(columns), values_(rows * columns, value) {}

    std::size_t rows() const { return rows_; }
    std::size_t columns() const { return columns_; }
    bool empty() const { return values_.empty(); }

    T& operator()(std::size_t i, std::size_t j) { return values_[i * columns_ + j]; }
    const T& operator()(std::size_t i, std::size_t j) const { return values_[i * columns_ + j]; }

    std::span<T> row(std::size_t i) { return {values_.data() + i * columns_, columns_}; }
    std::span<const T> row(std::size_t i) const { return {values_.data() + i * columns_, columns_}; }
    std::span<T> values() { return values_; }
    std::span<const T> values() const { return values_; }

    bool operator==(const RowMajor&) const = default;

private:
    std::size_t rows_ = 0;
    std::size_t columns_ = 0;
    std::vector<T> values_;
};

}  // namespace attnflow
