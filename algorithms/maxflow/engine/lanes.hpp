#pragma once
/// Lane sweeps: a lower bound for one pair from two half-flows that know each other.
///
/// With a skip connection every position's *lane*, the chain (L, x), (L-1, x), ..., carries far
/// more than the mass that passes x. So mass that the source has sent to x and the sink wants from
/// x can simply stay on the lane; only the difference has to be moved, and one layer moves much.
///
/// Mass p starts at layer top-1 with the capacities out of the source, demand q at layer 1 with
/// those into the sink. In turn p is taken one layer down and q one layer up, until they meet. In a
/// step every vertex keeps min(p, q) on its lane. A vertex with more than that, excess, first
/// sends it to vertices that have less, shortages, as far as its row (in an upward step: its
/// column) allows; if what remains is more than the layers to come can be expected to place, it
/// *spreads* it over its row in proportion to the capacities, for others to pass on. The
/// rest stays on the lane, and what finds no room there is lost. Where layers are few, the two
/// positions with most to move, source and sink, come before everything else.
///
/// Every step is a feasible flow in one layer, so with p and q at the meeting layer
/// max flow >= sum_x min(p(x), q(x)), as for any two half-flows (sweeps.hpp). All of it is
/// integers; the proportions only steer.
///
/// Under a causal mask a pair uses no position outside the *window* between sink and source,
/// and mass moves towards earlier positions only. There spreading never moves so much past a
/// position that the shortages behind it could no longer be supplied.
///
/// Cost: O(n) a layer and a row for each excess, that is O(L n) plus a few of the L matrices'
/// rows; whole matrices are not read.

#include "algorithms/maxflow/engine/packed_network.hpp"

namespace attnflow::engine {

/// Positions that a pair may use in the layers between its ends, the same in each.
struct Window {
    std::size_t first = 0;
    std::size_t last = 0;
};

/// Scratch memory for one pair after the other: O(n). Keeps a reference. For networks of
/// equal widths.
template <class T>
class LaneSweeps {
public:
    explicit LaneSweeps(const PackedNetwork<T>& network);

    /// A lower bound of the flow from (top, source) to (0, sink), top >= 2. Under a causal mask
    /// source >= sink, and the window is what lies between them.
    std::int64_t run(std::size_t top, std::size_t source, std::size_t sink);

    /// Of the last run, which is repeated: the flow of layer l in flow[l], 2 <= l < top, whose
    /// rows in the window must be 0, and received minus sent of its vertices in `balance`, whose
    /// rows must be 0.
    void write(std::vector<Panel<T>>& flow, Panel<T>& balance);

    std::size_t top() const { return top_; }
    std::size_t source() const { return source_; }
    std::size_t sink() const { return sink_; }
    const Window& window() const { return window_; }

private:
    std::int64_t sweep(std::vector<Panel<T>>* flow, Panel<T>* balance);

    enum Row : std::size_t {
        mass,
        demand,
        next,
        excess,
        shortage,
        used,
        rest_of_own,
        rest_of_other,
        rest_of_lane,
        rest_of_row,
        heavy,
        rows
    };

    const PackedNetwork<T>& network_;
    std::size_t top_ = 0;
    std::size_t source_ = 0;
    std::size_t sink_ = 0;
    Window window_;
    Panel<T> rows_;                    // by Row
    std::vector<std::int64_t> limit_;  // scratch of spreading
};

extern template class LaneSweeps<std::int32_t>;
extern template class LaneSweeps<std::int64_t>;

}  // namespace attnflow::engine
