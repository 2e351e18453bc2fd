#pragma once
/// Boost.Graph's solvers on a stored graph: a boost::adjacency_list with reverse edges.
///
/// For problems that are no layered network, and the reference that the implicit residual
/// network (graph/residual.hpp) is held to in tests and benchmarks. Prefer a LayeredNetwork
/// wherever there is one: it needs no copy, and its solves are faster.
///
/// Memory: about 200 bytes an edge.

#include <memory>
#include <string_view>

#include "graph/flow_problem.hpp"

namespace attnflow {

class StoredGraph {
public:
    ~StoredGraph();
    StoredGraph(StoredGraph&&) noexcept;
    StoredGraph& operator=(StoredGraph&&) noexcept;

    /// The edges of the network (slots of capacity > 0) in slot order.
    static StoredGraph of(const FixedNetwork& network);
    /// The edges of the problem that a flow can use, parallel ones as one: Boost's
    /// Boykov-Kolmogorov (1.74) misses flow where edges next to source or sink have parallel or
    /// opposite ones. Throws InputError as check_capacities().
    static StoredGraph of(const FlowProblem& problem);

    /// Names of the registered solvers that can be asked for.
    static std::vector<std::string> solvers();

    /// The value of a maximum flow by the registered solver of that name. Throws ParameterError
    /// for other names.
    std::int64_t solve(std::string_view solver, Vertex source, Vertex sink);

    /// Flow of the last solve on each edge of the problem that the graph was made of.
    std::vector<std::int64_t> edge_flows(const FlowProblem& problem) const;

private:
    explicit StoredGraph(std::size_t vertices);
    void add_edge(Vertex from, Vertex to, std::int64_t capacity);

    struct Graph;
    std::unique_ptr<Graph> graph_;
};

}  // namespace attnflow
