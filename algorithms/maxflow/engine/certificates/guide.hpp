#pragma once
/// What sweeps are steered by. It decides how often a sweep alone proves a flow, never what the flow is.
///
/// The *guide* u_l is a distribution over layer l: where the mass of all output positions together would be if
/// each vertex split it in proportion to its capacities (the mean rollout), plus a trace of the uniform
/// distribution so that no entry is 0. Where rows sum to one number it is, but for that trace, a feasible flow, so
/// mass that follows it comes to it after two or three layers, whatever the source and the sink; and so do mass
/// from above and demand from below fit each other.

#include "algorithms/maxflow/engine/panel.hpp"

namespace attnflow::engine {

class PackedNetwork;

/// Which way mass moves in a sweep: from sources down, or, as demand, from sinks up.
enum class Direction : std::uint8_t { down, up };

/// All rows are padded, the padding 0.
class Guide {
public:
    Guide() = default;
    /// O(slots).
    explicit Guide(const PackedNetwork& network);

    /// Sums to 1 over layer l.
    const double* share(std::size_t l) const { return share_.row(l); }
    /// 1 / share(l).
    const double* per_share(std::size_t l) const { return per_share_.row(l); }
    /// The most that each vertex of layer l can pass on in the proportions of the next layer's guide without
    /// meeting a capacity.
    const double* slack(Direction direction, std::size_t l) const { return slack_[index(direction)].row(l); }
    /// How much higher than without capacities the multiplier of each vertex of layer l is when the guide's own
    /// mass is passed on: where Newton's method starts.
    const double* start(Direction direction, std::size_t l) const { return start_[index(direction)].row(l); }
    /// Whether at least half of all vertices have slack for the guide's own mass, so that most vertices of a sweep
    /// that has mixed are unconstrained.
    bool mostly_slack() const { return mostly_slack_; }

private:
    static std::size_t index(Direction direction) { return static_cast<std::size_t>(direction); }
    void find_shares(const PackedNetwork& network);
    void find_slack(const PackedNetwork& network);
    void find_starts(const PackedNetwork& network);
    void find_starts(const PackedNetwork& network, Direction direction, std::size_t from);

    Panel<double> share_;
    Panel<double> per_share_;
    Panel<double> slack_[2];  // by Direction
    Panel<double> start_[2];
    bool mostly_slack_ = false;
};

}  // namespace attnflow::engine
