#pragma once
/// LayeredNetwork as a Boost graph: VertexListGraph, EdgeListGraph, IncidenceGraph,
/// BidirectionalGraph and AdjacencyMatrix, with vertex and edge index maps and the
/// capacity map. Descriptors are computed, zero-capacity slots are skipped.
///
/// out_edges walks a contiguous row, in_edges a column; edge(u, v, g) is O(1). The edge
/// index is the slot, so it lies in [0, g.slots()), not in [0, num_edges(g)).

#include <boost/graph/graph_concepts.hpp>
#include <boost/graph/graph_traits.hpp>
#include <boost/graph/properties.hpp>
#include <boost/iterator/counting_iterator.hpp>
#include <boost/iterator/iterator_facade.hpp>
#include <boost/property_map/property_map.hpp>

#include "graph/layered_network.hpp"

namespace attnflow {

struct LayeredEdge {
    Vertex from = 0;
    Vertex to = 0;
    std::uint32_t slot = 0;

    friend bool operator==(const LayeredEdge& a, const LayeredEdge& b) { return a.slot == b.slot; }
    friend bool operator!=(const LayeredEdge& a, const LayeredEdge& b) { return a.slot != b.slot; }
    friend bool operator<(const LayeredEdge& a, const LayeredEdge& b) { return a.slot < b.slot; }
};

/// Walks a row (edges out of a vertex), a column (edges into it) or a whole network,
/// over slots `slot`, `slot + stride`, ... and stops at positive capacities only.
template <class C>
class LayeredEdgeIterator : public boost::iterator_facade<LayeredEdgeIterator<C>, LayeredEdge,
                                                          boost::forward_traversal_tag, LayeredEdge> {
public:
    LayeredEdgeIterator() = default;

    static LayeredEdgeIterator out(const LayeredNetwork<C>& g, Vertex v, bool end) {
        const std::size_t l = g.layer_of(v);
        if (l == 0) return {};
        const std::size_t begin = g.slot(l, g.position_of(v), 0);
        return {g, l, begin, begin + g.width(l - 1), 1, end};
    }
    static LayeredEdgeIterator in(const LayeredNetwork<C>& g, Vertex v, bool end) {
        const std::size_t l = g.layer_of(v) + 1;
        if (l > g.layers()) return {};
        const std::size_t begin = g.slot(l, 0, g.position_of(v));
        return {g, l, begin, begin + g.width(l) * g.width(l - 1), g.width(l - 1), end};
    }
    static LayeredEdgeIterator all(const LayeredNetwork<C>& g, bool end) { return {g, 1, 0, g.slots(), 1, end}; }

private:
    friend class boost::iterator_core_access;

    LayeredEdgeIterator(const LayeredNetwork<C>& g, std::size_t layer, std::size_t slot, std::size_t stop,
                        std::size_t stride, bool end)
        : g_(&g), layer_(layer), slot_(end ? stop : slot), stop_(stop), stride_(stride) {
        skip_zeros();
    }

    void skip_zeros() {
        while (slot_ < stop_ && !(g_->capacities()[slot_] > C(0))) slot_ += stride_;
    }
    void increment() {
        slot_ += stride_;
        skip_zeros();
    }
    bool equal(const LayeredEdgeIterator& other) const { return slot_ == other.slot_; }
    LayeredEdge dereference() const {
        std::size_t l = layer_;
        while (slot_ >= g_->first_slot(l + 1)) ++l;  // only a walk over all edges changes layer
        const std::size_t local = slot_ - g_->first_slot(l);
        return {g_->vertex(l, local / g_->width(l - 1)), g_->vertex(l - 1, local % g_->width(l - 1)),
                static_cast<std::uint32_t>(slot_)};
    }

    const LayeredNetwork<C>* g_ = nullptr;
    std::size_t layer_ = 0;
    std::size_t slot_ = 0;
    std::size_t stop_ = 0;
    std::size_t stride_ = 1;
};

struct LayeredTraversal : boost::vertex_list_graph_tag,
                          boost::edge_list_graph_tag,
                          boost::bidirectional_graph_tag,
                          boost::adjacency_matrix_tag {};

}  // namespace attnflow

namespace boost {

template <class C>
struct graph_traits<attnflow::LayeredNetwork<C>> {
    using vertex_descriptor = attnflow::Vertex;
    using edge_descriptor = attnflow::LayeredEdge;
    using directed_category = directed_tag;
    using edge_parallel_category = disallow_parallel_edge_tag;
    using traversal_category = attnflow::LayeredTraversal;
    using vertex_iterator = counting_iterator<attnflow::Vertex>;
    using edge_iterator = attnflow::LayeredEdgeIterator<C>;
    using out_edge_iterator = attnflow::LayeredEdgeIterator<C>;
    using in_edge_iterator = attnflow::LayeredEdgeIterator<C>;
    using vertices_size_type = std::size_t;
    using edges_size_type = std::size_t;
    using degree_size_type = std::size_t;
    static vertex_descriptor null_vertex() { return static_cast<attnflow::Vertex>(-1); }
};

}  // namespace boost

namespace attnflow {

template <class C>
auto vertices(const LayeredNetwork<C>& g) {
    using I = boost::counting_iterator<Vertex>;
    return std::pair{I(0), I(static_cast<Vertex>(g.vertices()))};
}
template <class C>
std::size_t num_vertices(const LayeredNetwork<C>& g) {
    return g.vertices();
}

template <class C>
auto edges(const LayeredNetwork<C>& g) {
    using I = LayeredEdgeIterator<C>;
    return std::pair{I::all(g, false), I::all(g, true)};
}
template <class C>
std::size_t num_edges(const LayeredNetwork<C>& g) {
    return g.edges();
}

template <class C>
auto out_edges(Vertex v, const LayeredNetwork<C>& g) {
    using I = LayeredEdgeIterator<C>;
    return std::pair{I::out(g, v, false), I::out(g, v, true)};
}
template <class C>
auto in_edges(Vertex v, const LayeredNetwork<C>& g) {
    using I = LayeredEdgeIterator<C>;
    return std::pair{I::in(g, v, false), I::in(g, v, true)};
}
template <class C>
std::size_t out_degree(Vertex v, const LayeredNetwork<C>& g) {
    const auto [begin, end] = out_edges(v, g);
    return static_cast<std::size_t>(std::distance(begin, end));
}
template <class C>
std::size_t in_degree(Vertex v, const LayeredNetwork<C>& g) {
    const auto [begin, end] = in_edges(v, g);
    return static_cast<std::size_t>(std::distance(begin, end));
}
template <class C>
std::size_t degree(Vertex v, const LayeredNetwork<C>& g) {
    return out_degree(v, g) + in_degree(v, g);
}

template <class C>
Vertex source(const LayeredEdge& e, const LayeredNetwork<C>&) {
    return e.from;
}
template <class C>
Vertex target(const LayeredEdge& e, const LayeredNetwork<C>&) {
    return e.to;
}

/// O(1): the edge from u to v, and whether there is one.
template <class C>
std::pair<LayeredEdge, bool> edge(Vertex u, Vertex v, const LayeredNetwork<C>& g) {
    const std::size_t l = g.layer_of(u);
    if (l == 0 || g.layer_of(v) + 1 != l) return {{}, false};
    const std::size_t slot = g.slot(l, g.position_of(u), g.position_of(v));
    return {{u, v, static_cast<std::uint32_t>(slot)}, g.capacities()[slot] > C(0)};
}

/// Slot of an edge: the edge index map.
struct LayeredEdgeIndexMap {
    using key_type = LayeredEdge;
    using value_type = std::size_t;
    using reference = std::size_t;
    using category = boost::readable_property_map_tag;
    friend std::size_t get(const LayeredEdgeIndexMap&, const LayeredEdge& e) { return e.slot; }
};

template <class C>
struct LayeredCapacityMap {
    using key_type = LayeredEdge;
    using value_type = C;
    using reference = C;
    using category = boost::readable_property_map_tag;
    const C* capacities;
    friend C get(const LayeredCapacityMap& map, const LayeredEdge& e) { return map.capacities[e.slot]; }
};

template <class C>
auto get(boost::vertex_index_t, const LayeredNetwork<C>&) {
    return boost::typed_identity_property_map<Vertex>();
}
template <class C>
auto get(boost::edge_index_t, const LayeredNetwork<C>&) {
    return LayeredEdgeIndexMap();
}
template <class C>
auto get(boost::edge_capacity_t, const LayeredNetwork<C>& g) {
    return LayeredCapacityMap<C>{g.capacities().data()};
}
/// The property of one vertex or edge.
template <class Property, class C, class Key>
auto get(Property property, const LayeredNetwork<C>& g, const Key& key) {
    return get(get(property, g), key);
}

}  // namespace attnflow

namespace boost {

template <class C>
struct property_map<attnflow::LayeredNetwork<C>, vertex_index_t> {
    using type = typed_identity_property_map<attnflow::Vertex>;
    using const_type = type;
};
template <class C>
struct property_map<attnflow::LayeredNetwork<C>, edge_index_t> {
    using type = attnflow::LayeredEdgeIndexMap;
    using const_type = type;
};
template <class C>
struct property_map<attnflow::LayeredNetwork<C>, edge_capacity_t> {
    using type = attnflow::LayeredCapacityMap<C>;
    using const_type = type;
};

}  // namespace boost
