#include "attention/model/matrix.hpp"

#include <algorithm>

#include "graph/support/parallel.hpp"

namespace attnflow {
namespace {

// A tile must be large, because the BLAS packs its weights anew for each, and small enough for all threads to get
// some. Batches of many rows leave room for both.
constexpr std::size_t tile_columns = 384;
constexpr std::size_t tile_rows_for(std::size_t rows) { return rows >= 1024 ? 512 : 256; }

template <class Body>
void for_each_tile(std::size_t rows, std::size_t columns, std::size_t jobs, const Body& body) {
    const std::size_t tile_rows = tile_rows_for(rows);
    const std::size_t down = (rows + tile_rows - 1) / tile_rows;
    const std::size_t across = (columns + tile_columns - 1) / tile_columns;
    parallel_for(down * across, jobs, [&](std::size_t tile, std::size_t) {
        const std::size_t row = tile / across * tile_rows;
        const std::size_t column = tile % across * tile_columns;
        body(row, std::min(tile_rows, rows - row), column, std::min(tile_columns, columns - column));
    });
}

}  // namespace

template <class Real>
void linear(std::size_t rows, std::size_t in, std::size_t out, const Real* x, const Real* weight, const Real* bias,
            Real* result, std::size_t jobs) {
    for_each_tile(
        rows, out, jobs, [&](std::size_t row, std::size_t height, std::size_t column, std::size_t width) {
            Real* tile = result + row * out + column;
            if (bias != nullptr) {
                for (std::size_t i = 0; i < height; ++i) std::copy_n(bias + column, width, tile + i * out);
            }
            multiply<Real>(height, width, in, Real(1), {x + row * in, in}, Flip::no, {weight + column * in, in},
                           Flip::yes, bias != nullptr ? Real(1) : Real(0), {tile, out});
        });
}

template <class Real>
void linear_backward(std::size_t rows, std::size_t in, std::size_t out, const Real* dy, const Real* weight,
                     Real keep, Real* result, std::size_t jobs) {
    for_each_tile(rows, in, jobs, [&](std::size_t row, std::size_t height, std::size_t column, std::size_t width) {
        multiply<Real>(height, width, out, Real(1), {dy + row * out, out}, Flip::no, {weight + column, in},
                       Flip::no, keep, {result + row * in + column, in});
    });
}

#define ATTNFLOW_MATRIX(Real)                                                                                   \
    template void linear(std::size_t, std::size_t, std::size_t, const Real*, const Real*, const Real*, Real*,   \
                         std::size_t);                                                                          \
    template void linear_backward(std::size_t, std::size_t, std::size_t, const Real*, const Real*, Real, Real*, \
                                  std::size_t);
ATTNFLOW_MATRIX(float)
ATTNFLOW_MATRIX(double)
#undef ATTNFLOW_MATRIX

}  // namespace attnflow
