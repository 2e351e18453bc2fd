#pragma once
/// LayeredNetwork: the one graph of this project.
///
/// Layers 0..L hold vertices (l, i), i = 0..width(l)-1. Layer 0 is the input; edges run
/// from layer l to layer l-1 only, (l, i) -> (l-1, j), and carry the capacity in row i,
/// column j of a dense row-major matrix of layer l. An edge exists where its capacity is
/// positive. Nothing is stored per edge: an edge is a *slot*, the index of its capacity
/// in one contiguous array (layer 1 first), and descriptors are computed.
///
/// In a transformer (l, i) is the embedding of position i after layer l, row i is its
/// query, column j the key it attends to, the capacity the attention weight.
///
/// The network never changes after construction, so that solvers can share it across
/// threads; what changes during a solve lives in a ResidualState. It models Boost.Graph's
/// concepts through graph/boost_graph.hpp, which only those who need Boost include.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "graph/capacity.hpp"
#include "graph/support/error.hpp"

namespace attnflow {

using Vertex = std::uint32_t;

/// Positions begin..end-1 of a layer.
struct Extent {
    std::uint32_t begin = 0;
    std::uint32_t end = 0;

    bool empty() const { return begin >= end; }
    std::uint32_t size() const { return empty() ? 0 : end - begin; }
    bool contains(std::size_t position) const { return begin <= position && position < end; }
    bool operator==(const Extent&) const = default;
};

/// The positions that both have.
inline Extent intersection(Extent a, Extent b) { return {std::max(a.begin, b.begin), std::min(a.end, b.end)}; }

/// The smallest extent that holds both.
inline Extent hull(Extent a, Extent b) {
    if (a.empty()) return b;
    if (b.empty()) return a;
    return {std::min(a.begin, b.begin), std::max(a.end, b.end)};
}

template <class C>
class LayeredNetwork {
public:
    using Capacity = C;

    /// `widths[l]` is the number of vertices of layer l (L+1 entries, L >= 1); `capacities`
    /// holds the matrices of layers 1..L one after the other, each width(l) x width(l-1).
    /// Throws InputError for a zero width, a wrong size, a capacity that is negative or not
    /// finite (naming layer, row, column), or integers of which a layer sums to more than
    /// `largest_layer_sum` (graph/capacity.hpp).  O(V + slots).
    LayeredNetwork(std::vector<std::size_t> widths, std::vector<C> capacities)
        : widths_(std::move(widths)), capacities_(std::move(capacities)) {
        index_layers();
        check_capacities();
        find_extents();
    }

    /// Slots a network of these widths has: the size that `capacities` must have.
    static std::size_t slots_for(std::span<const std::size_t> widths) {
        std::size_t slots = 0;
        for (std::size_t l = 1; l < widths.size(); ++l) slots += widths[l] * widths[l - 1];
        return slots;
    }

    /// L: how many layers of edges there are (layers of vertices: L + 1).
    std::size_t layers() const { return widths_.size() - 1; }
    std::size_t width(std::size_t layer) const { return widths_[layer]; }
    std::span<const std::size_t> widths() const { return widths_; }
    std::size_t vertices() const { return first_vertex_.back(); }
    std::size_t slots() const { return capacities_.size(); }
    /// Edges, that is slots with a positive capacity.
    std::size_t edges() const { return edges_; }
    /// True when every slot of layer l (1..L) is an edge, so that no zero needs skipping.
    bool is_full(std::size_t layer) const { return full_[layer]; }

    Vertex first_vertex(std::size_t layer) const { return first_vertex_[layer]; }
    Vertex vertex(std::size_t layer, std::size_t position) const {
        return first_vertex_[layer] + static_cast<Vertex>(position);
    }
    std::size_t layer_of(Vertex v) const { return layer_of_[v]; }
    std::size_t position_of(Vertex v) const { return v - first_vertex_[layer_of_[v]]; }

    /// First slot of layer l's matrix (l in 1..L); first_slot(L + 1) == slots().
    std::size_t first_slot(std::size_t layer) const { return first_slot_[layer]; }
    std::size_t slot(std::size_t layer, std::size_t i, std::size_t j) const {
        return first_slot_[layer] + i * widths_[layer - 1] + j;
    }

    std::span<const C> capacities() const { return capacities_; }
    /// The matrix of layer l, row-major, width(l) x width(l-1).
    std::span<const C> layer(std::size_t l) const {
        return {capacities_.data() + first_slot_[l], first_slot_[l + 1] - first_slot_[l]};
    }
    /// Capacities from (l, i) to every vertex of layer l-1.
    std::span<const C> row(std::size_t l, std::size_t i) const {
        return {capacities_.data() + slot(l, i, 0), widths_[l - 1]};
    }
    C capacity(std::size_t l, std::size_t i, std::size_t j) const { return capacities_[slot(l, i, j)]; }

    /// Positions of layer l-1 between the first and the last edge out of (l, i), l in 1..L.
    Extent row_extent(std::size_t l, std::size_t i) const { return below_[vertex(l, i)]; }
    /// Positions of layer l+1 between the first and the last edge into (l, j), l in 0..L-1.
    Extent column_extent(std::size_t l, std::size_t j) const { return above_[vertex(l, j)]; }

    bool operator==(const LayeredNetwork& other) const {
        return widths_ == other.widths_ && capacities_ == other.capacities_;
    }

private:
    void index_layers() {
        if (widths_.size() < 2) throw InputError("layered network: needs at least two layers of vertices");
        std::size_t vertices = 0;
        std::size_t slots = 0;
        first_slot_.assign(widths_.size() + 1, 0);
        for (std::size_t l = 0; l < widths_.size(); ++l) {
            if (widths_[l] == 0) throw InputError(fmt::format("layered network: layer {} has no vertices", l));
            first_vertex_.push_back(static_cast<Vertex>(vertices));
            vertices += widths_[l];
            first_slot_[l] = slots;
            if (l > 0) slots += widths_[l] * widths_[l - 1];
        }
        first_slot_[widths_.size()] = slots;
        // Residual views number 2 * slots edges with 32 bits.
        if (vertices > max_index_ || slots > max_index_ / 2) {
            throw InputError(fmt::format("layered network: {} capacities are more than the {} supported", slots,
                                         max_index_ / 2));
        }
        if (slots != capacities_.size()) {
            throw InputError(fmt::format("layered network: {} capacities given, the widths need {}",
                                         capacities_.size(), slots));
        }
        first_vertex_.push_back(static_cast<Vertex>(vertices));
        layer_of_.resize(vertices);
        for (std::size_t l = 0; l < widths_.size(); ++l) {
            std::fill_n(layer_of_.begin() + first_vertex_[l], widths_[l], static_cast<std::uint32_t>(l));
        }
    }

    void check_capacities() {
        full_.assign(widths_.size(), true);
        for (std::size_t l = 1; l < widths_.size(); ++l) {
            std::size_t positive = 0;
            C total = C(0);
            for (std::size_t s = first_slot_[l]; s < first_slot_[l + 1]; ++s) {
                const C c = capacities_[s];
                bool valid = c >= C(0);  // false for NaN too
                if constexpr (std::is_floating_point_v<C>) valid = valid && std::isfinite(c);
                if (!valid) {
                    const std::size_t local = s - first_slot_[l];
                    throw InputError(fmt::format(
                        "layered network: layer {}, row {}, column {}: capacity {} is not a finite number >= 0", l,
                        local / widths_[l - 1], local % widths_[l - 1], c));
                }
                positive += c > C(0) ? 1 : 0;
                if constexpr (std::is_integral_v<C>) {
                    if (c > largest_layer_sum<C> - total) {
                        throw InputError(fmt::format(
                            "layered network: the capacities of layer {} sum to more than {}; scale them down", l,
                            largest_layer_sum<C>));
                    }
                    total += c;
                }
            }
            edges_ += positive;
            full_[l] = positive == first_slot_[l + 1] - first_slot_[l];
        }
    }

    // Searches from both ends, so it costs no more than the zeros there are.
    void find_extents() {
        below_.resize(vertices());
        above_.resize(vertices());
        const auto extent = [&](const C* first, std::size_t count, std::size_t stride) {
            std::size_t begin = 0;
            while (begin < count && !(first[begin * stride] > C(0))) ++begin;
            std::size_t end = count;
            while (end > begin && !(first[(end - 1) * stride] > C(0))) --end;
            return Extent{static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)};
        };
        for (std::size_t l = 1; l < widths_.size(); ++l) {
            const C* const matrix = capacities_.data() + first_slot_[l];
            const std::size_t columns = widths_[l - 1];
            for (std::size_t i = 0; i < widths_[l]; ++i) {
                below_[vertex(l, i)] = extent(matrix + i * columns, columns, 1);
            }
            for (std::size_t j = 0; j < columns; ++j) {
                above_[vertex(l - 1, j)] = extent(matrix + j, widths_[l], columns);
            }
        }
    }

    static constexpr std::size_t max_index_ = std::numeric_limits<std::uint32_t>::max() - 1;

    std::vector<std::size_t> widths_;
    std::vector<C> capacities_;
    std::vector<Vertex> first_vertex_;
    std::vector<std::size_t> first_slot_;
    std::vector<std::uint32_t> layer_of_;
    std::vector<bool> full_;
    std::vector<Extent> below_;  // by vertex
    std::vector<Extent> above_;
    std::size_t edges_ = 0;
};

/// What the solvers compute on; see Quantiser.
using FixedNetwork = LayeredNetwork<std::int64_t>;

}  // namespace attnflow
