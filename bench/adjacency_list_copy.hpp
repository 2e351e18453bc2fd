#pragma once
/// The reference that the implicit residual network is held to: a plain boost::adjacency_list
/// copy of a network, with stored reverse edges, and Boost's own solvers on it.

#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/boykov_kolmogorov_max_flow.hpp>
#include <boost/graph/edmonds_karp_max_flow.hpp>
#include <boost/graph/push_relabel_max_flow.hpp>

#include "graph/layered_network.hpp"

namespace attnflow {

/// Holds the edges of the network (slots of capacity > 0), row by row, each with its reverse.
class AdjacencyListCopy {
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
    using Graph =
        boost::adjacency_list<boost::vecS, boost::vecS, boost::directedS, VertexProperties, EdgeProperties>;

public:
    explicit AdjacencyListCopy(const FixedNetwork& network) : graph_(network.vertices()) {
        for (std::size_t l = 1; l <= network.layers(); ++l) {
            for (std::size_t i = 0; i < network.width(l); ++i) {
                for (std::size_t j = 0; j < network.width(l - 1); ++j) {
                    if (network.capacity(l, i, j) == 0) continue;
                    add(network.vertex(l, i), network.vertex(l - 1, j), network.capacity(l, i, j));
                }
            }
        }
    }

    /// Max flow by the Boost solver that is registered as `solver`.
    std::int64_t solve(std::string_view solver, Vertex source, Vertex sink) {
        const auto s = static_cast<std::size_t>(source);
        const auto t = static_cast<std::size_t>(sink);
        if (solver == "boykov_kolmogorov") return boost::boykov_kolmogorov_max_flow(graph_, s, t);
        if (solver == "edmonds_karp") return boost::edmonds_karp_max_flow(graph_, s, t);
        if (solver == "push_relabel") return boost::push_relabel_max_flow(graph_, s, t);
        throw ParameterError(fmt::format("no Boost solver '{}'", solver));
    }

    static bool has(std::string_view solver) {
        return solver == "boykov_kolmogorov" || solver == "edmonds_karp" || solver == "push_relabel";
    }

private:
    void add(std::size_t from, std::size_t to, std::int64_t capacity) {
        const auto forward = add_edge(from, to, graph_).first;
        const auto reverse = add_edge(to, from, graph_).first;
        put(boost::edge_capacity, graph_, forward, capacity);
        put(boost::edge_capacity, graph_, reverse, 0);
        put(boost::edge_reverse, graph_, forward, reverse);
        put(boost::edge_reverse, graph_, reverse, forward);
    }

    Graph graph_;
};

}  // namespace attnflow
