/// LayeredNetwork keeps what Boost.Graph's concepts demand, and Boost's algorithms run on it.

#include <set>

#include <boost/graph/breadth_first_search.hpp>
#include <catch2/catch.hpp>

#include "graph/boost_graph.hpp"
#include "graph/residual.hpp"

using namespace attnflow;

namespace {

using Network = LayeredNetwork<double>;
BOOST_CONCEPT_ASSERT((boost::VertexListGraphConcept<Network>));
BOOST_CONCEPT_ASSERT((boost::EdgeListGraphConcept<Network>));
BOOST_CONCEPT_ASSERT((boost::IncidenceGraphConcept<Network>));
BOOST_CONCEPT_ASSERT((boost::BidirectionalGraphConcept<Network>));
BOOST_CONCEPT_ASSERT((boost::AdjacencyMatrixConcept<Network>));
BOOST_CONCEPT_ASSERT((boost::ReadablePropertyGraphConcept<Network, Vertex, boost::vertex_index_t>));
BOOST_CONCEPT_ASSERT((boost::ReadablePropertyGraphConcept<Network, LayeredEdge, boost::edge_index_t>));
BOOST_CONCEPT_ASSERT((boost::ReadablePropertyGraphConcept<Network, LayeredEdge, boost::edge_capacity_t>));
using View = ResidualView<std::int64_t>;
BOOST_CONCEPT_ASSERT((boost::VertexListGraphConcept<View>));
BOOST_CONCEPT_ASSERT((boost::EdgeListGraphConcept<View>));
BOOST_CONCEPT_ASSERT((boost::IncidenceGraphConcept<View>));

//   layer 2:  4   5        A_2 [1 0 2]   A_1 [4]
//   layer 1:  1   2   3        [3 5 0]       [0]
//   layer 0:  0                              [6]
const Network& example() {
    static const Network network({1, 3, 2}, {4, 0, 6, 1, 0, 2, 3, 5, 0});
    return network;
}

template <class Range>
std::set<std::pair<Vertex, Vertex>> ends(const Range& range, const Network& g) {
    std::set<std::pair<Vertex, Vertex>> out;
    for (auto it = range.first; it != range.second; ++it) out.emplace(source(*it, g), target(*it, g));
    return out;
}

}  // namespace

TEST_CASE("edges are the positive capacities, from all three sides", "[graph][boost]") {
    const Network& g = example();
    using Ends = std::set<std::pair<Vertex, Vertex>>;
    const Ends all{{1, 0}, {3, 0}, {4, 1}, {4, 3}, {5, 1}, {5, 2}};
    CHECK(ends(edges(g), g) == all);
    CHECK(num_edges(g) == all.size());
    CHECK(ends(out_edges(4, g), g) == Ends{{4, 1}, {4, 3}});
    CHECK(ends(out_edges(2, g), g).empty());  // its one capacity is 0
    CHECK(ends(out_edges(0, g), g).empty());
    CHECK(ends(in_edges(1, g), g) == Ends{{4, 1}, {5, 1}});
    CHECK(ends(in_edges(5, g), g).empty());
    CHECK(out_degree(5, g) == 2);
    CHECK(in_degree(0, g) == 2);
    CHECK(degree(3, g) == 2);
    Ends by_vertex;
    for (auto [v, end] = vertices(g); v != end; ++v) by_vertex.merge(ends(out_edges(*v, g), g));
    CHECK(by_vertex == all);
}

TEST_CASE("edge(u, v) and the property maps", "[graph][boost]") {
    const Network& g = example();
    const auto [e, found] = edge(5, 2, g);
    REQUIRE(found);
    CHECK(get(boost::edge_index, g, e) == 7);
    CHECK(get(boost::edge_capacity, g, e) == 5.0);
    CHECK(get(boost::vertex_index, g, Vertex{3}) == 3);
    CHECK_FALSE(edge(4, 2, g).second);  // capacity 0
    CHECK_FALSE(edge(4, 0, g).second);  // skips a layer
    CHECK_FALSE(edge(0, 1, g).second);  // upwards
}

TEST_CASE("breadth-first search of Boost runs on the network", "[graph][boost]") {
    const Network& g = example();
    std::vector<int> level(g.vertices(), -1);
    level[5] = 0;
    const auto index = get(boost::vertex_index, g);
    boost::breadth_first_search(
        g, Vertex{5},
        boost::visitor(boost::make_bfs_visitor(boost::record_distances(
                           boost::make_iterator_property_map(level.begin(), index), boost::on_tree_edge())))
            .vertex_index_map(index));
    CHECK(level == std::vector<int>{2, 1, 1, -1, -1, 0});
}
