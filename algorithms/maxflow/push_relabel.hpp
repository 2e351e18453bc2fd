#pragma once
/// Boost.Graph's push-relabel max flow on the implicit residual network.
///
/// Idea: start with a preflow that saturates all edges out of the source, push excess
/// along admissible edges towards lower heights and relabel vertices that are stuck; highest
/// label first, with gap and global relabelling. A second phase turns the preflow into a
/// flow. The value alone would need the first phase only, but certificates need a flow.
///
/// Complexity: O(V^2 sqrt(E)) for highest label, that is O(L^2.5 n^3). Memory: two
/// capacities a slot (ResidualState); Boost allocates O(V) scratch in every solve.
/// Returned: the value (unique) and the forward residuals of one maximum flow.
///
/// Goldberg & Tarjan, "A New Approach to the Maximum-Flow Problem", J. ACM 35(4), 1988,
/// doi:10.1145/48014.61051; heuristics: Cherkassky & Goldberg, "On Implementing the
/// Push-Relabel Method for the Maximum Flow Problem", Algorithmica 19, 1997,
/// doi:10.1007/PL00009180

#include <boost/graph/push_relabel_max_flow.hpp>

#include "algorithms/maxflow/max_flow_solver.hpp"
#include "graph/residual.hpp"

namespace attnflow {

class PushRelabel {
public:
    static EntryInfo describe() {
        return {.name = "push_relabel",
                .summary = "Boost.Graph's push-relabel: highest label, gap and global relabelling",
                .paper =
                    "Goldberg & Tarjan 1988, doi:10.1145/48014.61051; Cherkassky & Goldberg 1997, "
                    "doi:10.1007/PL00009180",
                .complexity = "O(V^2 sqrt(E)) worst case; memory two capacities a slot"};
    }

    std::int64_t solve(const FixedNetwork& network, Vertex source, Vertex sink,
                       ResidualState<std::int64_t>& state) {
        view_.reset(network, source, sink);
        view_.reset_flow(state);
        return boost::push_relabel_max_flow(view_, view_.source(), view_.sink(),
                                            ResidualInitialCapacityMap<std::int64_t>{network.capacities()},
                                            ResidualCapacityMap<std::int64_t>{state.data()}, ResidualPartnerMap(),
                                            boost::typed_identity_property_map<Vertex>());
    }

private:
    ResidualView<std::int64_t> view_;
};

}  // namespace attnflow
