#pragma once
/// A matrix that lies somewhere else, row-major without gaps.

#include <cstddef>
#include <span>

#include "graph/support/row_major.hpp"

namespace attnflow {

template <class T>
struct MatrixView {
    T* values;
    std::size_t rows;
    std::size_t columns;

    std::span<T> row(std::size_t i) const { return {values + i * columns, columns}; }
};

template <class T>
MatrixView<const T> view(const RowMajor<T>& matrix) {
    return {matrix.values().data(), matrix.rows(), matrix.columns()};
}

template <class T>
MatrixView<T> view(RowMajor<T>& matrix) {
    return {matrix.values().data(), matrix.rows(), matrix.columns()};
}

}  // namespace attnflow
