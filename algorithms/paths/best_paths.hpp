#pragma once
/// The path itself, where one path is worth as much as all together (SelectiveSemiring).
///
/// Several paths may tie. The canonical one is built from the token upwards: of the positions
/// in the layer above that continue a best path, the lowest is taken, and the way from the
/// source to it is canonical in turn. So every part of it that begins at the source is a best
/// path too.
///
/// O(S l n^2) for the paths of S sources to all tokens, as much as their worth costs.

#include "algorithms/paths/path_product.hpp"
#include "algorithms/paths/path_table.hpp"

namespace attnflow {

/// The canonical best paths from `sources` in layer `layer` to every input token.
template <SelectiveSemiring S, class C>
PathTable best_paths(const S& semiring, const LayeredNetwork<C>& network, std::size_t layer,
                     std::span<const std::size_t> sources) {
    using Rows = RowMajor<typename S::Value>;
    using Position = PathTable::Position;
    std::vector<Rows> reached(layer);  // reached[l][s][k]: from source s to position k of layer l
    path_product(semiring, network, layer, 0, sources,
                 [&](std::size_t l, const Rows& rows) { reached[l] = rows; });

    const std::size_t tokens = network.width(0);
    PathTable paths(sources.size(), tokens, layer);
    const auto exists = [&](std::size_t s, std::size_t t) {
        return semiring.better(reached[0](s, t), semiring.zero());
    };
    for (std::size_t s = 0; s < sources.size(); ++s) {
        for (std::size_t t = 0; t < tokens; ++t) {
            if (!exists(s, t)) continue;
            paths.slots(s, t).front() = static_cast<Position>(sources[s]);
            paths.slots(s, t).back() = static_cast<Position>(t);
        }
    }
    EdgeMatrices<S, C> matrices(semiring, network);
    for (std::size_t l = 1; l < layer; ++l) {
        const auto matrix = matrices(l);
        std::vector<Position> above(matrix.columns);  // where the path to a position of layer l - 1 comes from
        for (std::size_t s = 0; s < sources.size(); ++s) {
            const auto to_above = reached[l].row(s);
            const auto to_here = reached[l - 1].row(s);
            for (std::size_t k = matrix.rows; k-- > 0;) {
                const auto row = matrix.row(k);
                for (std::size_t j = 0; j < row.size(); ++j) {
                    // The multiplication that the product has done, so equality is exact.
                    if (semiring.multiply(to_above[k], row[j]) == to_here[j]) above[j] = static_cast<Position>(k);
                }
            }
            for (std::size_t t = 0; t < tokens; ++t) {
                if (!exists(s, t)) continue;
                const auto path = paths.slots(s, t);
                path[layer - l] = above[path[layer - l + 1]];
            }
        }
    }
    return paths;
}

}  // namespace attnflow
