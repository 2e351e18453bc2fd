#pragma once
/// Boost.Graph's Edmonds-Karp max flow on the implicit residual network.
///
/// Idea: augment along a shortest path of the residual network until there is none. The
/// method of the attention-flow paper's own program (through NetworkX). Its strength is that
/// it is easy to see through; prefer `dinic`, which finds all shortest paths of one length
/// in one sweep, or `boykov_kolmogorov`.
///
/// Complexity: O(V E^2), that is O(L^3 n^5); every augmentation searches the whole network,
/// O(L n^2). Memory: two capacities a slot (ResidualState) and O(V) scratch.
/// Returned: the value (unique) and the forward residuals of one maximum flow.
///
/// Edmonds & Karp, "Theoretical Improvements in Algorithmic Efficiency for Network Flow
/// Problems", J. ACM 19(2), 1972, doi:10.1145/321694.321699

#include <boost/graph/edmonds_karp_max_flow.hpp>

#include "algorithms/maxflow/max_flow_solver.hpp"
#include "graph/residual.hpp"

namespace attnflow {

class EdmondsKarp {
public:
    static EntryInfo describe() {
        return {.name = "edmonds_karp",
                .summary = "Boost.Graph's Edmonds-Karp: one shortest augmenting path at a time",
                .paper = "Edmonds & Karp 1972, doi:10.1145/321694.321699",
                .complexity = "O(V E^2) worst case; memory two capacities a slot"};
    }

    std::int64_t solve(const FixedNetwork& network, Vertex source, Vertex sink,
                       ResidualState<std::int64_t>& state) {
        view_.reset(network, source, sink);
        view_.reset_flow(state);
        if (predecessor_.size() < view_.size()) {
            predecessor_.resize(view_.size());
            color_.resize(view_.size());
        }
        const boost::typed_identity_property_map<Vertex> index;
        return boost::edmonds_karp_max_flow(view_, view_.source(), view_.sink(),
                                            ResidualInitialCapacityMap<std::int64_t>{network.capacities()},
                                            ResidualCapacityMap<std::int64_t>{state.data()}, ResidualPartnerMap(),
                                            boost::make_iterator_property_map(color_.begin(), index),
                                            boost::make_iterator_property_map(predecessor_.begin(), index));
    }

private:
    ResidualView<std::int64_t> view_;
    std::vector<ResidualEdge> predecessor_;
    std::vector<boost::default_color_type> color_;
};

}  // namespace attnflow
