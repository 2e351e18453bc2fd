#pragma once
/// Ford and Fulkerson's method with depth-first search: augment any path of positive residual
/// capacity until there is none.
///
/// O(E value) in the worst case, where value counts units of 2^-b: for teaching and small
/// networks only. Ford & Fulkerson, "Maximal Flow through a Network", 1956.

#include <algorithm>
#include <limits>
#include <vector>

#include "algorithms/maxflow/max_flow_solver.hpp"
#include "graph/residual.hpp"

class FordFulkerson {
public:
    static attnflow::EntryInfo describe() {
        return {.name = "ford_fulkerson",
                .summary = "augmenting paths by depth-first search",
                .paper = "Ford & Fulkerson 1956",
                .complexity = "O(E value)"};
    }

    std::int64_t solve(const attnflow::FixedNetwork& network, attnflow::Vertex source, attnflow::Vertex sink,
                       attnflow::ResidualState<std::int64_t>& state) {
        view_.reset(network, source, sink);
        state.reset(network, view_.low(), view_.high());
        std::int64_t value = 0;
        for (;;) {
            visited_.assign(view_.size(), false);
            const auto sent = augment(view_.source(), std::numeric_limits<std::int64_t>::max(), state.data());
            if (sent == 0) return value;
            value += sent;
        }
    }

private:
    std::int64_t augment(attnflow::Vertex v, std::int64_t limit, std::int64_t* residual) {
        if (v == view_.sink()) return limit;
        visited_[v] = true;
        for (auto [e, end] = out_edges(v, view_); e != end; ++e) {
            const attnflow::ResidualEdge edge = *e;
            if (visited_[edge.to] || residual[edge.index] == 0) continue;
            const auto sent = augment(edge.to, std::min(limit, residual[edge.index]), residual);
            if (sent == 0) continue;
            residual[edge.index] -= sent;
            residual[edge.partner] += sent;
            return sent;
        }
        return 0;
    }

    attnflow::ResidualView<std::int64_t> view_;
    std::vector<bool> visited_;
};
