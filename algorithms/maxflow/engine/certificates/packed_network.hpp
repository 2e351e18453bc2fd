#pragma once
/// What the engine knows of a network before it knows sources and sinks: every layer's matrix and its transpose as
/// panels, row and column sums, token chains and the guide.

#include <algorithm>

#include "algorithms/maxflow/engine/certificates/guide.hpp"
#include "graph/layered_network.hpp"

namespace attnflow::engine {

/// A step from one layer to the next, down or up: a row for each vertex that is left, a column for each entered.
struct Step {
    const Panel<Amount>& capacity;
    const std::vector<Amount>& row_sum;  ///< what each vertex can pass on at most
    std::size_t from;
    std::size_t to;
};

/// Layers 0..layers() are layers low..high of the network.
class PackedNetwork {
public:
    /// O(slots) time and memory.
    PackedNetwork(const FixedNetwork& network, std::size_t low, std::size_t high);
    PackedNetwork(const PackedNetwork&) = delete;
    PackedNetwork& operator=(const PackedNetwork&) = delete;

    /// Whether this is the packed form of layers low..low+layers() of `network`.  O(slots).
    bool equals(const FixedNetwork& network, std::size_t low) const;

    std::size_t layers() const { return widths_.size() - 1; }
    std::size_t width(std::size_t l) const { return widths_[l]; }
    std::size_t widest() const { return *std::max_element(widths_.begin(), widths_.end()); }
    /// No zero capacity anywhere.
    bool full() const { return full_; }
    /// All layers are as wide and no position has an edge to a later one; more than one position.
    bool causal() const { return causal_; }
    /// Causal, and no other capacity is 0.
    bool full_below_mask() const { return full_below_mask_; }
    /// All layers are as wide, and more than a fifth of all capacity joins positions to
    /// themselves, as a skip connection makes it.
    bool has_chains() const { return has_chains_; }

    /// Layer l's matrix, width(l) x width(l-1): capacities out of a vertex are a row.
    const Panel<Amount>& down(std::size_t l) const { return down_[l]; }
    /// Its transpose: capacities into a vertex of layer l-1 are a row.
    const Panel<Amount>& up(std::size_t l) const { return up_[l]; }
    /// From layer `from` to the one below or above.
    Step step(Direction direction, std::size_t from) const {
        if (direction == Direction::down) return {down_[from], row_sum_[from], from, from - 1};
        return {up_[from + 1], column_sum_[from + 1], from, from + 1};
    }

    Amount row_sum(std::size_t l, std::size_t i) const { return row_sum_[l][i]; }
    Amount column_sum(std::size_t l, std::size_t j) const { return column_sum_[l][j]; }
    /// The diagonal of layer l's matrix, padded, where all layers are as wide: edges of *token chains*
    /// (0, v), (1, v), ..., in the names of cuts called lanes.
    const Amount* chain(std::size_t l) const { return chain_.row(l); }
    /// Without the capacity of the position to itself; 0 for a position that the layer lacks.
    Amount row_off_chain(std::size_t l, std::size_t i) const;
    Amount column_off_chain(std::size_t l, std::size_t j) const;

    const Guide& guide() const { return guide_; }

private:
    void pack(const FixedNetwork& network, std::size_t low, std::size_t l);
    void find_chains();

    std::vector<std::size_t> widths_;
    std::vector<Panel<Amount>> down_;  // [0] unused
    std::vector<Panel<Amount>> up_;
    std::vector<std::vector<Amount>> row_sum_;
    std::vector<std::vector<Amount>> column_sum_;
    Panel<Amount> chain_;
    bool full_ = true;
    bool causal_ = false;
    bool full_below_mask_ = false;
    bool has_chains_ = false;
    Guide guide_;  // made of all the rest
};

}  // namespace attnflow::engine
