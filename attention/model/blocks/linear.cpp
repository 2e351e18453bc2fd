#include "attention/model/blocks/linear.hpp"

#include <algorithm>

#include "graph/support/gemm.hpp"
#include "graph/support/parallel.hpp"

namespace attnflow {
namespace {

// A tile must be large, because the BLAS packs its weights anew for each, and small enough for all threads to get
// some. Batches of many rows leave room for both, and short sums (`depth`) make even large tiles little work.
struct Tile {
    std::size_t rows;
    std::size_t columns;
};
constexpr Tile tile_for(std::size_t rows, std::size_t depth) {
    if (rows >= 1024) return {1024, 768};
    return {depth <= 256 ? std::size_t{512} : std::size_t{256}, 384};
}

template <class Body>
void for_each_tile(std::size_t rows, std::size_t columns, std::size_t depth, std::size_t jobs, const Body& body) {
    const Tile size = tile_for(rows, depth);
    const std::size_t down = (rows + size.rows - 1) / size.rows;
    const std::size_t across = (columns + size.columns - 1) / size.columns;
    parallel_for(down * across, jobs, [&](std::size_t tile, std::size_t) {
        const std::size_t row = tile / across * size.rows;
        const std::size_t column = tile % across * size.columns;
        body(row, std::min(size.rows, rows - row), column, std::min(size.columns, columns - column));
    });
}

}  // namespace

template <class Real>
void linear(const Linear<Real>& layer, std::size_t rows, const Real* x, Real* y, std::size_t jobs) {
    const std::size_t in = layer.in;
    const std::size_t out = layer.out;
    const bool biased = !layer.bias.empty();
    for_each_tile(rows, out, in, jobs,
                  [&](std::size_t row, std::size_t height, std::size_t column, std::size_t width) {
                      Real* tile = y + row * out + column;
                      if (biased) {
                          for (std::size_t i = 0; i < height; ++i)
                              std::copy_n(layer.bias.data() + column, width, tile + i * out);
                      }
                      multiply<Real>(height, width, in, Real(1), {x + row * in, in}, Flip::no,
                                     {layer.weight.data() + column * in, in}, Flip::yes,
                                     biased ? Real(1) : Real(0), {tile, out});
                  });
}

template <class Real>
void linear_backward(const Linear<Real>& layer, std::size_t rows, const Real* dy, Real keep, Real* dx,
                     std::size_t jobs) {
    const std::size_t in = layer.in;
    const std::size_t out = layer.out;
    for_each_tile(
        rows, in, out, jobs, [&](std::size_t row, std::size_t height, std::size_t column, std::size_t width) {
            multiply<Real>(height, width, out, Real(1), {dy + row * out, out}, Flip::no,
                           {layer.weight.data() + column, in}, Flip::no, keep, {dx + row * in + column, in});
        });
}

#define ATTNFLOW_LINEAR(Real)                                                                \
    template void linear(const Linear<Real>&, std::size_t, const Real*, Real*, std::size_t); \
    template void linear_backward(const Linear<Real>&, std::size_t, const Real*, Real, Real*, std::size_t);
ATTNFLOW_LINEAR(float)
ATTNFLOW_LINEAR(double)
#undef ATTNFLOW_LINEAR

}  // namespace attnflow
