#pragma once
/// Exact correction: waves on a pseudoflow.
///
/// A wave labels vertices by their distance to the nearest deficit in the residual network, breadth first, and
/// then pushes excess level by level towards deficits, until blocked. So that little gets stuck on the way, no
/// vertex is sent more than its *intake*, a bound on what it can pass on (for a deficit, what it lacks).
///
/// It is the wave method (Tarjan, "A simple version of Karzanov's blocking flow algorithm", Operations Research
/// Letters 2, 1984; Karzanov 1974), turned round: from many excesses to many deficits at once instead of from one
/// source to one sink, on exact distances, and with intakes instead of returning what is blocked. Pushing along
/// distances that never shrink is what push-relabel methods do (Goldberg & Tarjan, JACM 35, 1988).
///
/// *Optimality.* When no excess can reach a deficit, let S be the source and all vertices that can be reached from
/// an excess. Flow out of S is saturated, flow into S is 0, all excess and no deficit lies in S; so the capacity
/// of the cut (S, rest) is R minus the sum of all excess, which is therefore the maximum flow. The same count
/// shows that S is contained in the source side of *every* minimum cut: it is the source-minimal one, as
/// certify_max_flow names it. *Termination.* A wave moves some excess to smaller distances and never shortens a
/// distance. After `patience` waves the intake no longer limits anything; from then on every excess that a wave
/// labels is gone afterwards or sits at a larger distance, so O(V^2) waves are enough.
///
/// Flow matrices are poured from the sweeps' multipliers only when a wave touches their layer.

#include "algorithms/maxflow/engine/exact/pseudoflow.hpp"

namespace attnflow::engine {

struct WaveCounters {
    std::size_t waves = 0;
    std::size_t edges_scanned = 0;  ///< capacities looked at by labelling and pushing

    WaveCounters operator-(const WaveCounters& before) const {
        return {waves - before.waves, edges_scanned - before.edges_scanned};
    }
};

/// Memory O(L n). Keeps a reference.
class Waves {
public:
    explicit Waves(Pseudoflow& pseudoflow);

    /// Waves until all excess together is at most `allowed` or cannot reach a deficit, or
    /// there were `most_waves`.  O(L n^2) a wave.
    void run(Amount allowed, std::size_t most_waves = std::numeric_limits<std::size_t>::max());

    /// Waves until the lower bound equals `upper_bound` or no excess can reach a deficit.
    /// Returns the maximum flow.
    Amount maximise(Amount upper_bound);
    /// After maximise() has ended below its upper bound, and no wave since: whether vertex x of layer l, from
    /// lowest() to highest(), is on the sink's side of the minimum cut that lies next to the sink: it can still
    /// reach a deficit.
    bool on_sink_side(std::size_t l, std::size_t x) const { return label_(l, x) >= 0; }
    /// Whether that may be asked.
    bool has_cut() const { return blocked_; }

    const WaveCounters& counters() const { return counters_; }

private:
    struct Place {
        std::uint32_t layer;
        std::uint32_t position;
    };

    void check_own_cut() const;
    bool label_from_deficits();
    void label_deficits();
    void label_layer(std::size_t m, Amount next);
    void look_at(std::size_t l, std::size_t x);
    void find_intake(std::size_t m, Amount h);
    void push_excess();
    void push_down(std::size_t l, std::size_t x, Amount h);
    void pull_up(std::size_t l, Amount h);
    std::pair<std::size_t, std::size_t> places(Amount h, std::size_t layer) const;
    RowEnds ends(std::size_t l, Amount label);

    static constexpr Amount unlabelled = -1;
    static constexpr std::size_t patience = 64;

    Pseudoflow& flow_;
    const PackedNetwork& network_;
    bool limited_ = true;             // intake limits pushes
    bool blocked_ = false;            // the last search has found no excess
    Panel<Amount> label_;             // distance to the nearest deficit
    Panel<Amount> intake_;            // what a labelled vertex may still be sent in this wave
    Panel<Word> unlabelled_;          // by layer, a bit for each vertex in the range
    std::vector<Word> nearer_;        // scratch of label_layer()
    std::vector<Word> reached_;       // likewise
    std::vector<Word> stale_;         // likewise
    std::vector<Place> order_;        // labelled vertices by ascending distance, then layer
    std::vector<std::size_t> begin_;  // of distance h and layer m in order_: [h * (highest + 1) + m]
    WaveCounters counters_;
};

}  // namespace attnflow::engine
