#include "algorithms/maxflow/stored_graph.hpp"

#include <algorithm>

#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/boykov_kolmogorov_max_flow.hpp>
#include <boost/graph/edmonds_karp_max_flow.hpp>
#include <boost/graph/push_relabel_max_flow.hpp>

#include "graph/support/text.hpp"

namespace attnflow {
namespace {

using Traits = boost::adjacency_list_traits<boost::vecS, boost::vecS, boost::directedS>;
using VertexProperties =
    boost::property<boost::vertex_index_t, long,
                    boost::property<boost::vertex_predecessor_t, Traits::edge_descriptor,
                                    boost::property<boost::vertex_color_t, boost::default_color_type,
                                                    boost::property<boost::vertex_distance_t, long>>>>;
using EdgeProperties =
    boost::property<boost::edge_capacity_t, std::int64_t,
                    boost::property<boost::edge_residual_capacity_t, std::int64_t,
                                    boost::property<boost::edge_reverse_t, Traits::edge_descriptor>>>;
using AdjacencyList =
    boost::adjacency_list<boost::vecS, boost::vecS, boost::directedS, VertexProperties, EdgeProperties>;

}  // namespace

struct StoredGraph::Graph {
    AdjacencyList list;
    std::vector<Traits::edge_descriptor> edges;
    EdgePlaces places;  // of the edges of a FlowProblem
};

StoredGraph::StoredGraph(std::size_t vertices) : graph_(new Graph{AdjacencyList(vertices), {}, {}}) {}
StoredGraph::~StoredGraph() = default;
StoredGraph::StoredGraph(StoredGraph&&) noexcept = default;
StoredGraph& StoredGraph::operator=(StoredGraph&&) noexcept = default;

StoredGraph StoredGraph::of(const FixedNetwork& network) {
    StoredGraph graph(network.vertices());
    for (std::size_t l = 1; l <= network.layers(); ++l) {
        for (std::size_t i = 0; i < network.width(l); ++i) {
            const auto row = network.row(l, i);
            for (std::size_t j = 0; j < row.size(); ++j) {
                if (row[j] > 0) graph.add_edge(network.vertex(l, i), network.vertex(l - 1, j), row[j]);
            }
        }
    }
    return graph;
}

StoredGraph StoredGraph::of(const FlowProblem& problem) {
    check_capacities(problem);
    StoredGraph graph(problem.vertices);
    const std::vector<bool> useful = useful_edges(problem);
    std::vector<std::size_t> order;
    for (std::size_t e = 0; e < useful.size(); ++e) {
        if (useful[e]) order.push_back(e);
    }
    const auto ends = [&](std::size_t e) { return std::pair{problem.edges[e].from, problem.edges[e].to}; };
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return std::pair{ends(a), a} < std::pair{ends(b), b};
    });
    graph.graph_->places.resize(problem.edges.size());
    for (std::size_t begin = 0; begin < order.size();) {
        std::int64_t capacity = 0;
        std::size_t k = begin;
        for (; k < order.size() && ends(order[k]) == ends(order[begin]); ++k) {
            capacity += problem.edges[order[k]].capacity;
            graph.graph_->places[order[k]] = graph.graph_->edges.size();
        }
        graph.add_edge(problem.edges[order[begin]].from, problem.edges[order[begin]].to, capacity);
        begin = k;
    }
    return graph;
}

void StoredGraph::add_edge(Vertex from, Vertex to, std::int64_t capacity) {
    AdjacencyList& list = graph_->list;
    const auto forward = boost::add_edge(from, to, list).first;
    const auto reverse = boost::add_edge(to, from, list).first;
    put(boost::edge_capacity, list, forward, capacity);
    put(boost::edge_capacity, list, reverse, 0);
    put(boost::edge_reverse, list, forward, reverse);
    put(boost::edge_reverse, list, reverse, forward);
    graph_->edges.push_back(forward);
}

std::vector<std::string> StoredGraph::solvers() { return {"boykov_kolmogorov", "edmonds_karp", "push_relabel"}; }

std::int64_t StoredGraph::solve(std::string_view solver, Vertex source, Vertex sink) {
    AdjacencyList& list = graph_->list;
    const std::size_t s = source;
    const std::size_t t = sink;
    if (solver == "boykov_kolmogorov") return boost::boykov_kolmogorov_max_flow(list, s, t);
    if (solver == "edmonds_karp") return boost::edmonds_karp_max_flow(list, s, t);
    if (solver == "push_relabel") return boost::push_relabel_max_flow(list, s, t);
    throw ParameterError(fmt::format("'{}' solves layered networks only; on other graphs: {}", excerpt(solver),
                                     join(solvers(), ", ")));
}

std::vector<std::int64_t> StoredGraph::edge_flows(const FlowProblem& problem) const {
    std::vector<std::int64_t> flow;
    for (const auto& edge : graph_->edges) {
        flow.push_back(get(boost::edge_capacity, graph_->list, edge) -
                       get(boost::edge_residual_capacity, graph_->list, edge));
    }
    return share_flow(problem, graph_->places, std::move(flow));
}

}  // namespace attnflow
