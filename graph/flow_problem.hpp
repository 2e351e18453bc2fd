#pragma once
/// A max-flow problem on an arbitrary directed graph, as files of the field state it (see
/// graph/dimacs.hpp): parallel and antiparallel edges, loops and cycles are allowed.
///
/// Such a problem is solved on a LayeredNetwork when it is one in disguise, that is when all
/// paths from source to sink have the same length; else by the solvers that take a stored graph
/// (algorithms/maxflow/stored_graph.hpp). Either way the flow is certified here, on the
/// problem itself.

#include <optional>
#include <string>

#include "graph/layered_network.hpp"

namespace attnflow {

struct FlowEdge {
    Vertex from = 0;
    Vertex to = 0;
    std::int64_t capacity = 0;
};

/// Vertices count from 0. The capacities are >= 0 and sum to less than 2^62 (graph/capacity.hpp);
/// source and sink differ.
struct FlowProblem {
    std::size_t vertices = 0;
    std::vector<FlowEdge> edges;
    Vertex source = 0;
    Vertex sink = 0;
};

/// Throws InputError where a capacity is negative or all together pass the limit.  O(E).
void check_capacities(const FlowProblem& problem);

/// True for each edge that a flow from source to sink can use: it lies on a walk from one to
/// the other, does not enter the source or leave the sink, and has a capacity.  O(V + E).
std::vector<bool> useful_edges(const FlowProblem& problem);

/// Where a solver keeps each edge of a problem: parallel edges share a place, edges that no
/// flow can use have none.
using EdgePlaces = std::vector<std::optional<std::size_t>>;

/// The flow on every edge from the flow at every place: parallel edges are filled in turn.
std::vector<std::int64_t> share_flow(const FlowProblem& problem, const EdgePlaces& places,
                                     std::vector<std::int64_t> flow_at);

/// A problem in layers. Parallel edges share a slot.
struct LayeredProblem {
    FixedNetwork network;
    Vertex source;
    Vertex sink;
    EdgePlaces slot_of_edge;

    /// The flow on every edge of the problem, from the residuals of a solve.
    std::vector<std::int64_t> edge_flows(const FlowProblem& problem, std::span<const std::int64_t> residual) const;
};

struct LayeringResult {
    std::optional<LayeredProblem> layered;
    std::string obstacle;  ///< why there are no layers, "" when there are; vertices count from 1 in it
};

/// Lays the useful part of a problem out in layers, the sink alone in layer 0 and the source
/// alone in the top layer. Not done when an edge skips a layer or runs backwards, when no
/// path leads from source to sink, or when the matrices would hold more than 2^20 slots and
/// 16 times the edges. Throws as check_capacities().  O(V + E + slots).
LayeringResult find_layers(const FlowProblem& problem);

struct FlowCertificate {
    bool holds = false;
    std::string failure;                 ///< which check failed, with vertex (from 1) and numbers
    std::vector<bool> source_side;       ///< of the source-minimal minimum cut, by vertex
    std::vector<std::size_t> cut_edges;  ///< edges of capacity > 0 that lead out of it
};

/// Proves `flow` (one value an edge) a maximum flow of `value`: capacities, conservation, and a
/// cut of the same capacity.  O(V + E).
FlowCertificate certify_flow(const FlowProblem& problem, std::int64_t value, std::span<const std::int64_t> flow);

}  // namespace attnflow
