#pragma once
/// LEMON's Preflow on a copy of a layered network: the outside measure of the engine's benchmarks.
/// Only the first phase runs (runMinCut), which gives the value but no flow.

#include <lemon/preflow.h>
#include <lemon/smart_graph.h>

#include "graph/layered_network.hpp"

namespace attnflow::bench {

class LemonPreflow {
public:
    explicit LemonPreflow(const FixedNetwork& network)
        : capacity_(graph_), preflow_(graph_, capacity_, lemon::INVALID, lemon::INVALID) {
        graph_.reserveNode(static_cast<int>(network.vertices()));
        graph_.reserveArc(static_cast<int>(network.edges()));
        for (std::size_t v = 0; v < network.vertices(); ++v) graph_.addNode();
        for (std::size_t l = 1; l <= network.layers(); ++l) {
            for (std::size_t i = 0; i < network.width(l); ++i) {
                for (std::size_t j = 0; j < network.width(l - 1); ++j) {
                    const std::int64_t capacity = network.capacity(l, i, j);
                    if (capacity == 0) continue;
                    capacity_[graph_.addArc(node(network.vertex(l, i)), node(network.vertex(l - 1, j)))] =
                        capacity;
                }
            }
        }
    }

    std::int64_t solve(Vertex source, Vertex sink) {
        preflow_.source(node(source)).target(node(sink));
        preflow_.runMinCut();
        return preflow_.flowValue();
    }

private:
    static lemon::SmartDigraph::Node node(Vertex v) {
        return lemon::SmartDigraph::nodeFromId(static_cast<int>(v));
    }

    lemon::SmartDigraph graph_;
    lemon::SmartDigraph::ArcMap<std::int64_t> capacity_;
    lemon::Preflow<lemon::SmartDigraph, lemon::SmartDigraph::ArcMap<std::int64_t>> preflow_;
};

}  // namespace attnflow::bench
