#pragma once
/// Slow, plain answers to check fast code against. Nothing here shares code with the library
/// beyond the network type itself.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <stdexcept>
#include <vector>

#include "graph/layered_network.hpp"

namespace attnflow::testing {

/// Minimum cut between `source` and a `sink` in a lower layer, by trying every vertex set:
/// the max flow by the theorem of Ford and Fulkerson. The subsets of a layer matter only to
/// the layers next to it, so all choices are covered layer by layer.
/// O(L 4^n); refuses layers wider than 12 between the two.
inline std::int64_t brute_force_min_cut(const FixedNetwork& g, Vertex source, Vertex sink) {
    const std::size_t high = g.layer_of(source);
    const std::size_t low = g.layer_of(sink);
    // best[S]: cheapest cut above layer l when S (a bit a vertex) is its source side.
    constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();
    std::vector<std::size_t> upper{g.position_of(source)};  // positions that the bits of S stand for
    std::vector<std::int64_t> best{never, 0};               // the source is on the source side
    for (std::size_t l = high; l > low; --l) {
        std::vector<std::size_t> lower;
        if (l - 1 == low) {
            lower = {g.position_of(sink)};
        } else {
            for (std::size_t j = 0; j < g.width(l - 1); ++j) lower.push_back(j);
        }
        if (lower.size() > 12) throw std::logic_error("brute force: more than 12 vertices in a layer");
        std::vector<std::int64_t> next(std::size_t{1} << lower.size(), never);
        for (std::size_t T = 0; T < next.size(); ++T) {
            std::vector<std::int64_t> leaving(best.size(),
                                              0);  // capacity from S to the sink side of the lower layer
            for (std::size_t S = 0; S < best.size(); ++S) {
                if (S != 0) {
                    std::size_t bit = 0;
                    while ((S >> bit & 1) == 0) ++bit;
                    std::int64_t row = 0;
                    for (std::size_t j = 0; j < lower.size(); ++j) {
                        if ((T >> j & 1) == 0) row += g.capacity(l, upper[bit], lower[j]);
                    }
                    leaving[S] = leaving[S & (S - 1)] + row;
                }
                if (best[S] != never) next[T] = std::min(next[T], best[S] + leaving[S]);
            }
        }
        best = std::move(next);
        upper = std::move(lower);
    }
    return best[0];  // the sink is on the sink side
}

/// Calls visit(positions) for every path of positive capacities from (layer, source) down to
/// (0, sink); positions[l] is the path's vertex in layer l. Exponential.
template <class C>
void for_each_path(const LayeredNetwork<C>& g, std::size_t layer, std::size_t source, std::size_t sink,
                   const std::function<void(const std::vector<std::size_t>&)>& visit) {
    std::vector<std::size_t> positions(layer + 1);
    positions[layer] = source;
    const std::function<void(std::size_t)> descend = [&](std::size_t l) {
        if (l == 0) {
            if (positions[0] == sink) visit(positions);
            return;
        }
        for (std::size_t j = 0; j < g.width(l - 1); ++j) {
            if (!(g.capacity(l, positions[l], j) > C(0))) continue;
            positions[l - 1] = j;
            descend(l - 1);
        }
    };
    descend(layer);
}

struct PathTotals {
    double sum_of_products = 0.0;    ///< rollout
    double best_product = 0.0;       ///< best path
    double widest_bottleneck = 0.0;  ///< widest path
};

inline PathTotals enumerate_paths(const LayeredNetwork<double>& g, std::size_t layer, std::size_t source,
                                  std::size_t sink) {
    PathTotals totals;
    for_each_path(g, layer, source, sink, [&](const std::vector<std::size_t>& positions) {
        double product = 1.0;
        double bottleneck = std::numeric_limits<double>::infinity();
        for (std::size_t l = layer; l > 0; --l) {
            const double weight = g.capacity(l, positions[l], positions[l - 1]);
            product *= weight;
            bottleneck = std::min(bottleneck, weight);
        }
        totals.sum_of_products += product;
        totals.best_product = std::max(totals.best_product, product);
        totals.widest_bottleneck = std::max(totals.widest_bottleneck, bottleneck);
    });
    return totals;
}

}  // namespace attnflow::testing
