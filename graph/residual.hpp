#pragma once
/// The residual network of a layered network, for solvers that search it.
///
/// Every slot has a forward edge and a reverse edge. Neither is stored: the only state is
/// one array of residual capacities (ResidualState), first the forward edges in slot
/// order, then the reverse edges of each layer *transposed*, so that all residual edges
/// out of a vertex are two contiguous runs. The partner of an edge is computed.
///
/// The view of a solve from (h, s) to (l, t) holds only what can carry flow: the source, the
/// sink, and of each layer between them a *window* of positions outside of which nothing is
/// both below the source and above the sink. Under a causal mask that is the token window from t to
/// s, for windowed attention a double cone, in a full network every position. Vertices are
/// numbered from 0: the sink, then layer l+1 upwards, then the source.

#include <vector>

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

/// Residual edges out of a vertex to all of one neighbouring layer: contiguous in the
/// residual array and in vertices, their partners `stride` apart.
struct ResidualRun {
    std::uint32_t count = 0;
    std::uint32_t index = 0;
    std::uint32_t partner = 0;
    std::uint32_t stride = 0;
    std::uint32_t to_minus_index = 0;  ///< modulo 2^32
};

template <class C>
class ResidualView {
public:
    using Capacity = C;

    /// As reset().
    ResidualView(const LayeredNetwork<C>& network, Vertex source, Vertex sink) { reset(network, source, sink); }
    ResidualView() = default;

    /// Views another problem, reusing memory; keeps a reference to the network. Throws
    /// ParameterError unless `source` lies in a higher layer than `sink`.  O(vertices).
    void reset(const LayeredNetwork<C>& network, Vertex source, Vertex sink) {
        network_ = &network;
        low_ = network.layer_of(sink);
        high_ = network.layer_of(source);
        if (low_ >= high_) {
            throw ParameterError(
                fmt::format("max flow: the source (layer {}) must lie above the sink (layer {})", high_, low_));
        }
        find_windows(network.position_of(source), network.position_of(sink));
        vertices_.clear();
        for (std::size_t l = low_; l <= high_; ++l) add_layer(l);
    }

    const LayeredNetwork<C>& network() const { return *network_; }
    std::size_t low() const { return low_; }    ///< layer of the sink
    std::size_t high() const { return high_; }  ///< layer of the source

    /// Vertices of the view: sink (0), inner vertices, source (size() - 1).
    std::size_t size() const { return vertices_.size(); }
    Vertex sink() const { return 0; }
    Vertex source() const { return static_cast<Vertex>(size() - 1); }
    Vertex to_network(Vertex v) const { return vertices_[v].in_network; }
    /// The vertex of the view at `position` of layer l, which must lie in window(l).
    Vertex vertex(std::size_t l, std::size_t position) const {
        const Layer& layer = layers_[l - low_];
        return static_cast<Vertex>(layer.first + position - layer.window.begin);
    }

    /// Positions of layer l in low()..high() that the view holds.
    Extent window(std::size_t l) const { return layers_[l - low_].window; }

    /// Sets the flow to 0: forward residuals in all layers of the view, reverse ones in its windows.
    void reset_flow(ResidualState<C>& state) const {
        state.make_room(2 * network_->slots());
        state.reset_forward(*network_, low_, high_);
        for (std::size_t l = low_ + 1; l <= high_; ++l) {
            const Extent above = window(l);
            const Extent below = window(l - 1);
            for (std::size_t j = below.begin; j < below.end; ++j) {
                std::fill_n(state.data() + reverse_index(l, above.begin, j), above.size(), C(0));
            }
        }
    }

    const ResidualRun& down(Vertex v) const { return vertices_[v].down; }
    const ResidualRun& up(Vertex v) const { return vertices_[v].up; }

    /// Index of the reverse edge of slot (l, i, j).
    std::size_t reverse_index(std::size_t l, std::size_t i, std::size_t j) const {
        return network_->slots() + network_->first_slot(l) + j * network_->width(l) + i;
    }

private:
    struct Entry {
        ResidualRun down;  // forward edges
        ResidualRun up;    // reverse edges of the edges into the vertex
        Vertex in_network;
    };

    struct Layer {
        Extent window;
        Vertex first = 0;  // of the view
    };

    // Positions below the source, then of these the ones above the sink.
    void find_windows(std::size_t source, std::size_t sink) {
        const LayeredNetwork<C>& g = *network_;
        const auto one = [](std::size_t p) {
            return Extent{static_cast<std::uint32_t>(p), static_cast<std::uint32_t>(p + 1)};
        };
        layers_.assign(high_ - low_ + 1, {});
        layers_.back().window = one(source);
        for (std::size_t l = high_ - 1; l > low_; --l) {
            Extent below;
            const Extent above = window(l + 1);
            for (std::size_t i = above.begin; i < above.end; ++i) below = hull(below, g.row_extent(l + 1, i));
            layers_[l - low_].window = below;
        }
        layers_.front().window = one(sink);
        for (std::size_t l = low_ + 1; l < high_; ++l) {
            Extent above;
            const Extent below = window(l - 1);
            for (std::size_t j = below.begin; j < below.end; ++j) above = hull(above, g.column_extent(l - 1, j));
            layers_[l - low_].window = intersection(window(l), above);
        }
        Vertex first = 0;
        for (Layer& layer : layers_) {
            layer.first = first;
            first += layer.window.size();
        }
    }

    void add_layer(std::size_t l) {
        const LayeredNetwork<C>& g = *network_;
        const std::size_t width = g.width(l);
        // `positions` of layer `other`; index and partner are those of its position 0.
        const auto run = [&](Extent positions, std::size_t other, std::size_t index, std::size_t partner) {
            const Layer& to = layers_[other - low_];
            positions = intersection(positions, to.window);
            if (positions.empty()) return ResidualRun{};
            index += positions.begin;
            partner += positions.begin * width;
            return ResidualRun{positions.size(), static_cast<std::uint32_t>(index),
                               static_cast<std::uint32_t>(partner), static_cast<std::uint32_t>(width),
                               static_cast<std::uint32_t>(to.first + positions.begin - to.window.begin - index)};
        };
        const Extent positions = window(l);
        for (std::size_t p = positions.begin; p < positions.end; ++p) {
            Entry entry{{}, {}, g.vertex(l, p)};
            if (l > low_) entry.down = run(g.row_extent(l, p), l - 1, g.slot(l, p, 0), reverse_index(l, p, 0));
            if (l < high_) {
                entry.up = run(g.column_extent(l, p), l + 1, reverse_index(l + 1, 0, p), g.slot(l + 1, 0, p));
            }
            vertices_.push_back(entry);
        }
    }

    const LayeredNetwork<C>* network_ = nullptr;
    std::size_t low_ = 0;
    std::size_t high_ = 0;
    std::vector<Layer> layers_;  // low_ upwards
    std::vector<Entry> vertices_;
};

/// Residual edges out of one vertex: its forward edges (down), then the reverse edges of
/// the edges into it (up). Slots of capacity 0 between two edges are among them: their residual capacities
/// are 0 for ever, and a solver passes over those in any case.
///
/// Solvers spend most of their time here, so the iterator is a handful of integers that
/// stay in registers, and beginning a walk is two small copies.
template <class C>
class ResidualOutIterator : public boost::iterator_facade<ResidualOutIterator<C>, ResidualEdge,
                                                          boost::forward_traversal_tag, ResidualEdge> {
public:
    ResidualOutIterator() = default;

    static ResidualOutIterator begin(const ResidualView<C>& view, Vertex v) {
        ResidualOutIterator it;
        const ResidualRun& up = view.up(v);
        const ResidualRun& down = view.down(v);
        it.up_ = &up;
        it.from_ = v;
        it.left_ = down.count + up.count;
        it.left_at_switch_ = up.count;
        it.enter(down.count != 0 ? down : up);
        return it;
    }
    static ResidualOutIterator end() { return {}; }

private:
    friend class boost::iterator_core_access;

    void enter(const ResidualRun& run) {
        index_ = run.index;
        partner_ = run.partner;
        stride_ = run.stride;
        to_minus_index_ = run.to_minus_index;
    }
    void increment() {
        ++index_;
        partner_ += stride_;
        if (--left_ == left_at_switch_) enter(*up_);
    }
    bool equal(const ResidualOutIterator& other) const { return left_ == other.left_; }
    ResidualEdge dereference() const { return {from_, to_minus_index_ + index_, index_, partner_}; }

    const ResidualRun* up_ = nullptr;
    std::uint32_t left_ = 0;            // edges not yet passed
    std::uint32_t left_at_switch_ = 0;  // value of left_ at which the reverse edges begin
    std::uint32_t index_ = 0;
    std::uint32_t partner_ = 0;
    std::uint32_t stride_ = 0;
    std::uint32_t to_minus_index_ = 0;
    Vertex from_ = 0;
};

/// All residual edges of a view: those out of each vertex in turn.
template <class C>
class ResidualEdgeIterator : public boost::iterator_facade<ResidualEdgeIterator<C>, ResidualEdge,
                                                           boost::forward_traversal_tag, ResidualEdge> {
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
    bool equal(const ResidualEdgeIterator& other) const { return vertex_ == other.vertex_ && out_ == other.out_; }
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
    using in_edge_iterator = attnflow::ResidualOutIterator<C>;  // only named, by boost::filtered_graph
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
std::size_t num_vertices(const ResidualView<C>& g) {
    return g.size();
}

template <class C>
auto edges(const ResidualView<C>& g) {
    using I = ResidualEdgeIterator<C>;
    return std::pair{I(g, 0), I(g, g.size())};
}
/// O(vertices).
template <class C>
std::size_t num_edges(const ResidualView<C>& g) {
    std::size_t count = 0;
    for (Vertex v = 0; v < g.size(); ++v) count += g.down(v).count + g.up(v).count;
    return count;
}

template <class C>
auto out_edges(Vertex v, const ResidualView<C>& g) {
    using I = ResidualOutIterator<C>;
    return std::pair{I::begin(g, v), I::end()};
}
template <class C>
std::size_t out_degree(Vertex v, const ResidualView<C>& g) {
    return g.down(v).count + g.up(v).count;
}
template <class C>
Vertex source(const ResidualEdge& e, const ResidualView<C>&) {
    return e.from;
}
template <class C>
Vertex target(const ResidualEdge& e, const ResidualView<C>&) {
    return e.to;
}

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
    const bool listed = down ? network.row_extent(l, i).contains(j) : network.column_extent(l - 1, j).contains(i);
    if (!listed) return {{}, false};
    const auto forward = static_cast<std::uint32_t>(network.slot(l, i, j));
    const auto reverse = static_cast<std::uint32_t>(g.reverse_index(l, i, j));
    if (down) return {{u, v, forward, reverse}, true};
    return {{u, v, reverse, forward}, true};
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
    friend void put(const ResidualCapacityMap& map, const ResidualEdge& e, C value) {
        map.residual[e.index] = value;
    }
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
