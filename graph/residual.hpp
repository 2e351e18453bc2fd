#pragma once
/// The residual network of a layered network, for solvers that search it.
///
/// Every slot has a forward edge and a reverse edge. Neither is stored: the only state is
/// one array of residual capacities (ResidualState), first the forward edges in slot
/// order, then the reverse edges of each layer *transposed*, so that all residual edges
/// out of a vertex are two contiguous runs. The partner of an edge is computed.
///
/// The view of a solve from (h, s) to (l, t) holds only what can carry flow: the source, the
/// sink and all vertices of the layers between them. Its vertices are numbered from 0: the
/// sink, then layer l+1 upwards, then the source.

#include <boost/graph/graph_concepts.hpp>
#include <boost/graph/graph_traits.hpp>
#include <boost/iterator/counting_iterator.hpp>
#include <boost/iterator/iterator_facade.hpp>
#include <boost/property_map/property_map.hpp>

#include "graph/layered_network.hpp"
#include "graph/residual_state.hpp"

namespace attnflow {

struct ResidualEdge {
    Vertex from = 0;
    Vertex to = 0;
    std::uint32_t index = 0;    ///< place in the residual array
    std::uint32_t partner = 0;  ///< place of the opposite edge

    friend bool operator==(const ResidualEdge& a, const ResidualEdge& b) { return a.index == b.index; }
    friend bool operator!=(const ResidualEdge& a, const ResidualEdge& b) { return a.index != b.index; }
    ResidualEdge reversed() const { return {to, from, partner, index}; }
};

template <class C>
class ResidualView {
public:
    using Capacity = C;

    /// Throws ParameterError unless `source` lies in a higher layer than `sink`.
    ResidualView(const LayeredNetwork<C>& network, Vertex source, Vertex sink)
        : network_(&network), source_(source), sink_(sink), low_(network.layer_of(sink)),
          high_(network.layer_of(source)) {
        if (low_ >= high_) {
            throw ParameterError(fmt::format("max flow: the source (layer {}) must lie above the sink (layer {})",
                                             high_, low_));
        }
    }

    const LayeredNetwork<C>& network() const { return *network_; }
    std::size_t low() const { return low_; }    ///< layer of the sink
    std::size_t high() const { return high_; }  ///< layer of the source

    /// Vertices of the view: sink (0), inner vertices, source (size() - 1).
    std::size_t size() const { return network_->first_vertex(high_) - network_->first_vertex(low_ + 1) + 2; }
    Vertex sink() const { return 0; }
    Vertex source() const { return static_cast<Vertex>(size() - 1); }
    Vertex to_network(Vertex v) const {
        return v == 0 ? sink_ : v == source() ? source_ : v - 1 + network_->first_vertex(low_ + 1);
    }
    /// First vertex of a layer in this view (the only one at the two ends).
    Vertex first_vertex(std::size_t layer) const {
        return layer == low_ ? 0 : 1 + network_->first_vertex(layer) - network_->first_vertex(low_ + 1);
    }
    /// First position of a layer that is in this view, and how many are.
    std::size_t first_position(std::size_t layer) const {
        return layer == low_ ? network_->position_of(sink_) : layer == high_ ? network_->position_of(source_) : 0;
    }
    std::size_t width(std::size_t layer) const {
        return layer == low_ || layer == high_ ? 1 : network_->width(layer);
    }

    /// Index of the reverse edge of slot (l, i, j).
    std::size_t reverse_index(std::size_t l, std::size_t i, std::size_t j) const {
        return network_->slots() + network_->first_slot(l) + j * network_->width(l) + i;
    }

private:
    const LayeredNetwork<C>* network_;
    Vertex source_;
    Vertex sink_;
    std::size_t low_;
    std::size_t high_;
};

/// Residual edges out of one vertex: its forward edges (down), then the reverse edges of
/// the edges into it (up). Slots of capacity 0 are skipped.
template <class C>
class ResidualOutIterator
    : public boost::iterator_facade<ResidualOutIterator<C>, ResidualEdge, boost::forward_traversal_tag, ResidualEdge> {
public:
    ResidualOutIterator() = default;

    static ResidualOutIterator begin(const ResidualView<C>& view, Vertex v) {
        ResidualOutIterator it;
        it.view_ = &view;
        it.from_ = v;
        const std::size_t l = view.network().layer_of(view.to_network(v));
        const std::size_t down = l > view.low() ? view.width(l - 1) : 0;
        const std::size_t up = l < view.high() ? view.width(l + 1) : 0;
        it.left_ = static_cast<std::uint32_t>(down + up);
        it.left_at_switch_ = static_cast<std::uint32_t>(up);
        it.run_ = run(view, v, down > 0);
        it.skip_zeros();
        return it;
    }
    static ResidualOutIterator end() { return {}; }

private:
    friend class boost::iterator_core_access;

    // Edges that are contiguous in the residual array and in vertices; their partners lie
    // `stride` apart.
    struct Run {
        std::uint32_t index = 0;
        std::uint32_t partner = 0;
        std::uint32_t stride = 0;
        std::uint32_t to_minus_index = 0;  // modulo 2^32
        bool full = true;
    };

    // Static and by value: a member function that is not inlined would force every iterator
    // into memory, which made the solvers 1.5 times slower.
    static Run run(const ResidualView<C>& view, Vertex from, bool down) {
        const LayeredNetwork<C>& g = view.network();
        const Vertex v = view.to_network(from);
        const std::size_t l = g.layer_of(v);
        const std::size_t p = g.position_of(v);
        const std::size_t other = down ? l - 1 : l + 1;
        const std::size_t q = view.first_position(other);
        const std::size_t slot = down ? g.slot(l, p, q) : g.slot(other, q, p);
        const std::size_t reverse = down ? view.reverse_index(l, p, q) : view.reverse_index(other, q, p);
        const auto index = static_cast<std::uint32_t>(down ? slot : reverse);
        return {index, static_cast<std::uint32_t>(down ? reverse : slot), static_cast<std::uint32_t>(g.width(l)),
                view.first_vertex(other) - index, g.is_full(std::max(l, other))};
    }
    void advance() {
        ++run_.index;
        run_.partner += run_.stride;
        if (--left_ == left_at_switch_ && left_ != 0) run_ = run(*view_, from_, false);
    }
    void skip_zeros() {
        if (run_.full) return;
        const C* const capacities = view_->network().capacities().data();
        // Of the two indices the smaller is the forward one, that is the slot.
        while (left_ != 0 && capacities[std::min(run_.index, run_.partner)] == C(0)) advance();
    }
    void increment() {
        advance();
        skip_zeros();
    }
    bool equal(const ResidualOutIterator& other) const { return left_ == other.left_; }
    ResidualEdge dereference() const { return {from_, run_.to_minus_index + run_.index, run_.index, run_.partner}; }

    const ResidualView<C>* view_ = nullptr;
    std::uint32_t left_ = 0;            // edges not yet passed, zero-capacity ones included
    std::uint32_t left_at_switch_ = 0;  // value of left_ at which the reverse edges begin
    Vertex from_ = 0;
    Run run_;
};

/// All residual edges of a view: those out of each vertex in turn.
template <class C>
class ResidualEdgeIterator
    : public boost::iterator_facade<ResidualEdgeIterator<C>, ResidualEdge, boost::forward_traversal_tag, ResidualEdge> {
public:
    ResidualEdgeIterator() = default;
    ResidualEdgeIterator(const ResidualView<C>& view, std::size_t vertex)
        : view_(&view), vertex_(static_cast<Vertex>(vertex)) {
        enter();
    }

private:
    friend class boost::iterator_core_access;

    void enter() {
        for (; vertex_ < view_->size(); ++vertex_) {
            out_ = ResidualOutIterator<C>::begin(*view_, vertex_);
            if (out_ != ResidualOutIterator<C>::end()) return;
        }
        out_ = ResidualOutIterator<C>::end();
    }
    void increment() {
        if (++out_ != ResidualOutIterator<C>::end()) return;
        ++vertex_;
        enter();
    }
    bool equal(const ResidualEdgeIterator& other) const {
        return vertex_ == other.vertex_ && out_ == other.out_;
    }
    ResidualEdge dereference() const { return *out_; }

    const ResidualView<C>* view_ = nullptr;
    Vertex vertex_ = 0;
    ResidualOutIterator<C> out_;
};

struct ResidualTraversal : boost::vertex_list_graph_tag,
                           boost::edge_list_graph_tag,
                           boost::incidence_graph_tag,
                           boost::adjacency_matrix_tag {};

}  // namespace attnflow

namespace boost {

template <class C>
struct graph_traits<attnflow::ResidualView<C>> {
    using vertex_descriptor = attnflow::Vertex;
    using edge_descriptor = attnflow::ResidualEdge;
    using directed_category = directed_tag;
    using edge_parallel_category = disallow_parallel_edge_tag;
    using traversal_category = attnflow::ResidualTraversal;
    using vertex_iterator = counting_iterator<attnflow::Vertex>;
    using edge_iterator = attnflow::ResidualEdgeIterator<C>;
    using out_edge_iterator = attnflow::ResidualOutIterator<C>;
    using vertices_size_type = std::size_t;
    using edges_size_type = std::size_t;
    using degree_size_type = std::size_t;
    static vertex_descriptor null_vertex() { return static_cast<attnflow::Vertex>(-1); }
};

}  // namespace boost

namespace attnflow {

template <class C>
auto vertices(const ResidualView<C>& g) {
    using I = boost::counting_iterator<Vertex>;
    return std::pair{I(0), I(static_cast<Vertex>(g.size()))};
}
template <class C>
std::size_t num_vertices(const ResidualView<C>& g) { return g.size(); }

template <class C>
auto edges(const ResidualView<C>& g) {
    using I = ResidualEdgeIterator<C>;
    return std::pair{I(g, 0), I(g, g.size())};
}
/// Counts by walking: O(slots). No solver here asks for it.
template <class C>
std::size_t num_edges(const ResidualView<C>& g) {
    const auto [begin, end] = edges(g);
    return static_cast<std::size_t>(std::distance(begin, end));
}

template <class C>
auto out_edges(Vertex v, const ResidualView<C>& g) {
    using I = ResidualOutIterator<C>;
    return std::pair{I::begin(g, v), I::end()};
}
template <class C>
std::size_t out_degree(Vertex v, const ResidualView<C>& g) {
    const auto [begin, end] = out_edges(v, g);
    return static_cast<std::size_t>(std::distance(begin, end));
}
template <class C>
Vertex source(const ResidualEdge& e, const ResidualView<C>&) { return e.from; }
template <class C>
Vertex target(const ResidualEdge& e, const ResidualView<C>&) { return e.to; }

/// O(1): the residual edge from u to v (forward when u is above v), and whether there is one.
template <class C>
std::pair<ResidualEdge, bool> edge(Vertex u, Vertex v, const ResidualView<C>& g) {
    const LayeredNetwork<C>& network = g.network();
    const Vertex a = g.to_network(u);
    const Vertex b = g.to_network(v);
    const bool down = network.layer_of(a) > network.layer_of(b);
    const Vertex above = down ? a : b;
    const Vertex below = down ? b : a;
    const std::size_t l = network.layer_of(above);
    if (l != network.layer_of(below) + 1) return {{}, false};
    const std::size_t i = network.position_of(above);
    const std::size_t j = network.position_of(below);
    const auto forward = static_cast<std::uint32_t>(network.slot(l, i, j));
    const auto reverse = static_cast<std::uint32_t>(g.reverse_index(l, i, j));
    const bool exists = network.capacities()[forward] > C(0);
    if (down) return {{u, v, forward, reverse}, exists};
    return {{u, v, reverse, forward}, exists};
}

/// Property maps over residual edges, as Boost's max-flow functions take them.
template <class C>
struct ResidualInitialCapacityMap {
    using key_type = ResidualEdge;
    using value_type = C;
    using reference = C;
    using category = boost::readable_property_map_tag;
    std::span<const C> capacities;
    friend C get(const ResidualInitialCapacityMap& map, const ResidualEdge& e) {
        return e.index < map.capacities.size() ? map.capacities[e.index] : C(0);
    }
};

template <class C>
struct ResidualCapacityMap {
    using key_type = ResidualEdge;
    using value_type = C;
    using reference = C&;
    using category = boost::lvalue_property_map_tag;
    C* residual;
    friend C& get(const ResidualCapacityMap& map, const ResidualEdge& e) { return map.residual[e.index]; }
    friend void put(const ResidualCapacityMap& map, const ResidualEdge& e, C value) { map.residual[e.index] = value; }
    C& operator[](const ResidualEdge& e) const { return residual[e.index]; }
};

struct ResidualPartnerMap {
    using key_type = ResidualEdge;
    using value_type = ResidualEdge;
    using reference = ResidualEdge;
    using category = boost::readable_property_map_tag;
    friend ResidualEdge get(const ResidualPartnerMap&, const ResidualEdge& e) { return e.reversed(); }
    ResidualEdge operator[](const ResidualEdge& e) const { return e.reversed(); }
};

}  // namespace attnflow
