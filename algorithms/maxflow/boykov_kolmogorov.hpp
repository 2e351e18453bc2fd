#pragma once
/// Boost.Graph's Boykov-Kolmogorov max flow on the implicit residual network.
///
/// Idea: two search trees grow from source and sink; where they touch, the path is
/// augmented, and vertices cut off from their tree ("orphans") look for a new parent, so
/// the trees survive from one augmentation to the next. Short paths and many direct
/// connections, which attention networks have, suit it.
///
/// Complexity: O(V^2 E |cut|) in the worst case, that is O(L^3 n^4) times the cut; in
/// practice close to a few passes over the slots. Memory: two capacities a slot
/// (ResidualState) and O(V) scratch.
/// Returned: the value (unique) and the forward residuals of one maximum flow.
/// Limit: the reverse residuals next to source and sink are stale afterwards (Boost
/// augments direct paths without them), hence only forward residuals are read.
///
/// Boykov & Kolmogorov, "An Experimental Comparison of Min-Cut/Max-Flow Algorithms for
/// Energy Minimization in Vision", IEEE PAMI 26(9), 2004, doi:10.1109/TPAMI.2004.60

#include <boost/graph/boykov_kolmogorov_max_flow.hpp>

#include "algorithms/maxflow/max_flow_solver.hpp"
#include "graph/residual.hpp"

namespace attnflow {

class BoykovKolmogorov {
public:
    static EntryInfo describe() {
        return {.name = "boykov_kolmogorov",
                .summary = "Boost.Graph's Boykov-Kolmogorov: two search trees that survive augmentations",
                .paper = "Boykov & Kolmogorov 2004, doi:10.1109/TPAMI.2004.60",
                .complexity = "O(V^2 E |cut|) worst case; memory two capacities a slot"};
    }

    std::int64_t solve(const FixedNetwork& network, Vertex source, Vertex sink,
                       ResidualState<std::int64_t>& state) {
        view_.reset(network, source, sink);
        view_.reset_flow(state);
        if (predecessor_.size() < view_.size()) {
            predecessor_.resize(view_.size());
            color_.resize(view_.size());
            distance_.resize(view_.size());
        }
        const boost::typed_identity_property_map<Vertex> index;
        return boost::boykov_kolmogorov_max_flow(
            view_, ResidualInitialCapacityMap<std::int64_t>{network.capacities()},
            ResidualCapacityMap<std::int64_t>{state.data()}, ResidualPartnerMap(),
            boost::make_iterator_property_map(predecessor_.begin(), index),
            boost::make_iterator_property_map(color_.begin(), index),
            boost::make_iterator_property_map(distance_.begin(), index), index, view_.source(), view_.sink());
    }

private:
    ResidualView<std::int64_t> view_;
    std::vector<ResidualEdge> predecessor_;
    std::vector<boost::default_color_type> color_;
    std::vector<std::int64_t> distance_;
};

}  // namespace attnflow
