#pragma once
/// The worth of all paths between two layers of a network, in a semiring of choice:
///
///   P[s][t] = add over all paths (from, s) -> ... -> (to, t) of
///             multiply over the edges of the path
///
/// which is row s of the matrix product A_from A_{from-1} ... A_{to+1} with the semiring's
/// operations for sum and product. Layers may differ in width.
///
/// path_product() begins at the sources: one row-times-matrix product a source and layer,
/// O(S l n^2). path_products() answers for several layers at once and, when that is cheaper,
/// begins at the input: O(L n^3) for every source of every layer.

#include <algorithm>
#include <functional>
#include <numeric>
#include <span>
#include <vector>

#include "algorithms/paths/kernels.hpp"
#include "algorithms/paths/matrix_view.hpp"
#include "algorithms/paths/semiring.hpp"
#include "graph/layered_network.hpp"
#include "graph/support/row_major.hpp"

namespace attnflow {

/// out = left right, of matching shapes; `out` is overwritten. A row of `out` depends on the
/// same row of `left` only: it gets the same bits alone and among others. For the usual semirings kernels.hpp has
/// faster overloads.
template <Semiring S>
void multiply(const S& semiring, MatrixView<const typename S::Value> left,
              MatrixView<const typename S::Value> right, MatrixView<typename S::Value> out) {
    for (std::size_t i = 0; i < left.rows; ++i) {
        const auto sums = out.row(i);
        std::fill(sums.begin(), sums.end(), semiring.zero());
        for (std::size_t k = 0; k < left.columns; ++k) {
            const auto factor = left.row(i)[k];
            if (factor == semiring.zero()) continue;  // it absorbs
            const auto row = right.row(k);
            for (std::size_t j = 0; j < row.size(); ++j) {
                sums[j] = semiring.add(sums[j], semiring.multiply(factor, row[j]));
            }
        }
    }
}

/// As multiply(), where rows need not keep their bits.
template <Semiring S>
void multiply_layers(const S& semiring, MatrixView<const typename S::Value> left,
                     MatrixView<const typename S::Value> right, MatrixView<typename S::Value> out) {
    multiply(semiring, left, right, out);
}

/// The matrices of a network's layers, weights replaced by what they are worth as edges.
template <Semiring S, class C>
class EdgeMatrices {
public:
    using Value = typename S::Value;

    EdgeMatrices(const S& semiring, const LayeredNetwork<C>& network) : semiring_(semiring), network_(network) {
        static_assert(MapsEdges<S> || std::same_as<C, Value>, "the semiring must know what an edge is worth");
    }

    /// Layer l, valid until the next call.
    MatrixView<const Value> operator()(std::size_t l) {
        const auto weights = network_.layer(l);
        if constexpr (MapsEdges<S>) {
            mapped_.resize(weights.size());
            std::transform(weights.begin(), weights.end(), mapped_.begin(),
                           [&](C weight) { return semiring_.edge(weight); });
            return {mapped_.data(), network_.width(l), network_.width(l - 1)};
        } else {
            return {weights.data(), network_.width(l), network_.width(l - 1)};
        }
    }

private:
    const S& semiring_;
    const LayeredNetwork<C>& network_;
    std::vector<Value> mapped_;
};

/// Throws ParameterError unless `from` > `to` are layers and `sources` positions of layer `from`.
template <class C>
void check_range(const LayeredNetwork<C>& network, std::size_t from, std::size_t to,
                 std::span<const std::size_t> sources) {
    if (from <= to || from > network.layers()) {
        throw ParameterError(
            fmt::format("path product: from layer {} to layer {}, expected a higher and a lower one of "
                        "0 to {}",
                        from, to, network.layers()));
    }
    for (const std::size_t source : sources) {
        if (source >= network.width(from)) {
            throw ParameterError(fmt::format("path product: source {} does not exist, layer {} has {} positions",
                                             source, from, network.width(from)));
        }
    }
}

/// Copies the rows `sources` of `matrix` to the last rows of `out`.
template <class T>
void gather_rows(MatrixView<const T> matrix, std::span<const std::size_t> sources, RowMajor<T>& out) {
    const std::size_t first = out.rows() - sources.size();
    for (std::size_t s = 0; s < sources.size(); ++s) {
        const auto row = matrix.row(sources[s]);
        std::copy(row.begin(), row.end(), out.row(first + s).begin());
    }
}

/// Rows: `sources`, positions in layer `from`; columns: the positions of layer `to` < `from`.
/// `visit(layer, rows)` sees the rows at every layer from `from` - 1 down to `to`. Throws
/// ParameterError for layers or sources that do not exist.
template <Semiring S, class C, class Visit>
RowMajor<typename S::Value> path_product(const S& semiring, const LayeredNetwork<C>& network, std::size_t from,
                                         std::size_t to, std::span<const std::size_t> sources, Visit visit) {
    using Rows = RowMajor<typename S::Value>;
    check_range(network, from, to, sources);
    EdgeMatrices<S, C> matrices(semiring, network);
    Rows rows(sources.size(), network.width(from - 1));
    gather_rows(matrices(from), sources, rows);
    visit(from - 1, std::as_const(rows));
    for (std::size_t l = from - 1; l > to; --l) {
        Rows below(sources.size(), network.width(l - 1));
        multiply(semiring, view(std::as_const(rows)), matrices(l), view(below));
        rows = std::move(below);
        visit(l - 1, std::as_const(rows));
    }
    return rows;
}

template <Semiring S, class C>
RowMajor<typename S::Value> path_product(const S& semiring, const LayeredNetwork<C>& network, std::size_t from,
                                         std::size_t to, std::span<const std::size_t> sources) {
    return path_product(semiring, network, from, to, sources, [](std::size_t, const auto&) {});
}

/// All pairs: every position of layer `from`.
template <Semiring S, class C>
RowMajor<typename S::Value> path_product(const S& semiring, const LayeredNetwork<C>& network, std::size_t from,
                                         std::size_t to) {
    check_range(network, from, to, {});
    std::vector<std::size_t> every(network.width(from));
    std::iota(every.begin(), every.end(), std::size_t{0});
    return path_product(semiring, network, from, to, every);
}

/// To every input token from the same `sources` in each of `layers` (ascending): one matrix a
/// layer. Many sources (half a layer or more) share one sweep from the input, R_l = A_l R_{l-1};
/// few are carried down together. Which of the two depends on the number of sources alone, so
/// asking for more layers changes no bits. Throws ParameterError when layers do not ascend, or for
/// layers or sources that do not exist.
template <Semiring S, class C>
std::vector<RowMajor<typename S::Value>> path_products(const S& semiring, const LayeredNetwork<C>& network,
                                                       std::span<const std::size_t> layers,
                                                       std::span<const std::size_t> sources) {
    using Rows = RowMajor<typename S::Value>;
    std::vector<Rows> results;
    if (layers.empty()) return results;
    if (std::adjacent_find(layers.begin(), layers.end(), std::greater_equal<>()) != layers.end()) {
        throw ParameterError("path products: layers must ascend");
    }
    for (const std::size_t layer : layers) check_range(network, layer, 0, sources);
    EdgeMatrices<S, C> matrices(semiring, network);
    const auto widths = network.widths();
    const bool many = 2 * sources.size() >= *std::max_element(widths.begin(), widths.end());
    if (many && is_distributive<S>()) {
        const auto first = matrices(1);
        Rows reached(first.rows, first.columns);
        std::copy_n(first.values, reached.values().size(), reached.values().begin());
        Rows above;  // changes places with `reached`
        for (std::size_t l = 1;; ++l) {
            if (layers[results.size()] == l) {
                gather_rows(view(std::as_const(reached)), sources,
                            results.emplace_back(sources.size(), network.width(0)));
                if (results.size() == layers.size()) return results;
            }
            if (above.rows() != network.width(l + 1)) above = Rows(network.width(l + 1), network.width(0));
            multiply_layers(semiring, matrices(l + 1), view(std::as_const(reached)), view(above));
            std::swap(reached, above);
        }
    }
    // Rows of the highest layer first; at each layer asked for, its own rows join.
    Rows rows;
    for (std::size_t l = layers.back(); l >= 1; --l) {
        const bool joins = std::binary_search(layers.begin(), layers.end(), l);
        Rows below(rows.rows() + (joins ? sources.size() : 0), network.width(l - 1));
        const auto matrix = matrices(l);
        if (rows.rows() > 0) {
            multiply(semiring, view(std::as_const(rows)), matrix,
                     MatrixView<typename S::Value>{below.values().data(), rows.rows(), below.columns()});
        }
        if (joins) gather_rows(matrix, sources, below);
        rows = std::move(below);
    }
    for (std::size_t r = layers.size(); r-- > 0;) {
        Rows& result = results.emplace_back(sources.size(), network.width(0));
        std::copy_n(rows.row(r * sources.size()).begin(), result.values().size(), result.values().begin());
    }
    return results;
}

}  // namespace attnflow
