#pragma once
/// What the engine knows of a network before it knows sources and sinks: every layer's matrix
/// and its transpose as panels, row and column sums, and the *guide*.
///
/// The guide u_l is a distribution over layer l: where the mass of all output positions
/// together would be if each vertex split it in proportion to its capacities (the mean
/// rollout), plus a trace of the uniform distribution so that no entry is 0. Sweeps steer by
/// it. It decides how often a sweep alone proves a flow, never what the flow is.

#include <algorithm>

#include "algorithms/maxflow/engine/panel.hpp"
#include "graph/layered_network.hpp"

namespace attnflow::engine {

/// The floating type that goes with a fixed-point type in guides and water levels.
template <class T>
using Real = std::conditional_t<sizeof(T) == 4, float, double>;

/// T: std::int32_t or std::int64_t. Layers 0..layers() are layers low..high of the network.
template <class T>
class PackedNetwork {
public:
    /// True when no row sums to more than half of what T holds (2^30 for 32 bits). A vertex passes on at
    /// most its row sum, so a flow and an excess can be added; sums over columns may be larger, and
    /// what adds cells of a column minds that.
    static bool fits(const FixedNetwork& network, std::size_t low, std::size_t high);

    /// O(slots) time and memory.
    PackedNetwork(const FixedNetwork& network, std::size_t low, std::size_t high);

    /// Whether this is the packed form of layers low..low+layers() of `network`.  O(slots).
    bool equals(const FixedNetwork& network, std::size_t low) const;

    std::size_t layers() const { return down_.size() - 1; }
    std::size_t width(std::size_t l) const { return widths_[l]; }
    std::size_t widest() const { return *std::max_element(widths_.begin(), widths_.end()); }
    /// No zero capacity anywhere.
    bool full() const { return full_; }
    /// All layers are as wide and no position has an edge to a later one; more than one position.
    bool causal() const { return causal_; }
    /// Causal, and no other capacity is 0.
    bool full_below_mask() const { return full_below_mask_; }
    /// All layers are as wide, and about a quarter of all capacity or more joins positions to
    /// themselves, as a skip connection makes it.
    bool has_lanes() const { return has_lanes_; }

    /// Layer l's matrix, width(l) x width(l-1): capacities out of a vertex are a row.
    const Panel<T>& down(std::size_t l) const { return down_[l]; }
    /// Its transpose: capacities into a vertex of layer l-1 are a row.
    const Panel<T>& up(std::size_t l) const { return up_[l]; }

    std::int64_t row_sum(std::size_t l, std::size_t i) const { return row_sum_[l][i]; }
    std::int64_t column_sum(std::size_t l, std::size_t j) const { return column_sum_[l][j]; }
    /// The diagonal of layer l's matrix, padded, where all layers are as wide.
    const T* lane(std::size_t l) const { return lane_.row(l); }
    /// Without the capacity of the position to itself; 0 for a position that the layer lacks.
    std::int64_t row_off_lane(std::size_t l, std::size_t i) const;
    std::int64_t column_off_lane(std::size_t l, std::size_t j) const;

    /// Sums to 1 over layer l; Panel::padded(width(l)) entries, the padding 0.
    const Real<T>* guide(std::size_t l) const { return guide_.row(l); }
    /// 1 / guide(l), the padding 0.
    const Real<T>* per_guide(std::size_t l) const { return per_guide_.row(l); }
    /// The most that each vertex of layer l can send down in the proportions of guide(l-1) without
    /// meeting a capacity, and the most that it can draw from above in those of guide(l+1).
    const Real<T>* room_down(std::size_t l) const { return room_down_.row(l); }
    const Real<T>* room_up(std::size_t l) const { return room_up_.row(l); }
    /// How much higher than without capacities the water level of each vertex of layer l is when the guide's own
    /// mass is poured down, or drawn from above.
    const Real<T>* lift_down(std::size_t l) const { return lift_down_.row(l); }
    const Real<T>* lift_up(std::size_t l) const { return lift_up_.row(l); }
    /// Whether at least half of all vertices have room for the guide's own mass, so that most
    /// vertices of a sweep that has mixed are light.
    bool is_light() const { return is_light_; }

private:
    void fill_lanes();
    void fill_guide();
    void fill_room();
    void fill_lift();

    std::vector<std::size_t> widths_;
    std::vector<Panel<T>> down_;  // [0] unused
    std::vector<Panel<T>> up_;
    std::vector<std::vector<std::int64_t>> row_sum_;
    std::vector<std::vector<std::int64_t>> column_sum_;
    Panel<T> lane_;
    Panel<Real<T>> guide_;
    Panel<Real<T>> per_guide_;
    Panel<Real<T>> room_down_;
    Panel<Real<T>> room_up_;
    Panel<Real<T>> lift_down_;
    Panel<Real<T>> lift_up_;
    bool full_ = true;
    bool causal_ = false;
    bool full_below_mask_ = false;
    bool has_lanes_ = false;
    bool is_light_ = false;
};

extern template class PackedNetwork<std::int32_t>;
extern template class PackedNetwork<std::int64_t>;

}  // namespace attnflow::engine
