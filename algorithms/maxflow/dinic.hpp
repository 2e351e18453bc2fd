#pragma once
/// Dinic's max flow for layered networks.
///
/// Idea: in phases, find a *blocking flow* along shortest paths: one that saturates an edge
/// on every shortest path from source to sink. Then all remaining augmenting paths are
/// longer, so there are at most V phases. What the layers give:
///
///   - The first level graph needs no search: without flow, every path descends, and the
///     level of a vertex (its distance to the sink) is its layer. The first blocking flow walks
///     contiguous rows only, and takes the last two hops of a vertex in one pass over its row.
///   - Attention flows are often bound by the source's row or the sink's column. When the
///     first phase saturates one of them it is maximum, and no search is made at all.
///   - Later levels come from a breadth-first search upwards from the sink. It keeps the
///     vertices that have no level yet in a list for each layer, so a dense layer is
///     passed over once and not once a vertex.
///   - The flow on an edge is its capacity minus its residual, so there are no reverse edges
///     to store or to keep up to date.
///
/// Complexity: O(V^2 E) in the worst case, that is O(L^3 n^4); the first phase is O(L n^2) plus
/// O(L) for each augmentation. Memory: one capacity a slot (ResidualState) and O(V) scratch.
/// Returned: the value (unique) and the forward residuals of one maximum flow.
/// The one to prefer for single pairs.
///
/// Dinic, "Algorithm for Solution of a Problem of Maximum Flow in a Network with Power
/// Estimation", Soviet Math. Doklady 11, 1970; a history with the name's spelling: Dinitz,
/// "Dinitz' Algorithm: The Original Version and Even's Version", 2006,
/// doi:10.1007/11685654_10

#include "algorithms/maxflow/max_flow_solver.hpp"
#include "graph/residual.hpp"

namespace attnflow {

class Dinic {
public:
    static EntryInfo describe();

    std::int64_t solve(const FixedNetwork& network, Vertex source, Vertex sink,
                       ResidualState<std::int64_t>& state);

private:
    /// A vertex of the path being built: how much it was asked to pass on, and how much it has.
    struct Frame {
        Vertex vertex;
        std::int64_t wanted;
        std::int64_t sent;
    };
    /// Where the cursor of a vertex stands.
    struct Edge {
        std::size_t slot;
        Vertex to;
        bool down;  ///< else against the direction of the slot
    };

    std::int64_t first_blocking_flow();
    std::int64_t drain(Vertex v, std::int64_t wanted);
    bool is_closed() const;
    bool find_levels();
    void label(std::size_t layer, std::uint32_t level, std::size_t first_slot, std::size_t stride, bool down);
    std::int64_t blocking_flow();
    bool advance(Vertex v, Edge& edge);

    ResidualView<std::int64_t> view_;
    const std::int64_t* capacity_ = nullptr;
    std::int64_t* residual_ = nullptr;
    std::vector<std::int64_t> outlet_;                       // residuals into the sink, by position in the window
    std::int64_t outlet_left_ = 0;                           // their sum
    std::vector<std::uint32_t> cursor_;                      // edges of a vertex that this phase is done with
    std::vector<std::uint32_t> level_;                       // distance to the sink
    std::vector<std::vector<std::uint32_t>> without_level_;  // positions, by layer
    std::vector<Vertex> queue_;
    std::vector<Frame> frames_;
};

}  // namespace attnflow
