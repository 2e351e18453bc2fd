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
/// distance. After `limited_waves` waves the intake no longer limits anything; from then on every excess that a
/// wave labels is gone afterwards or sits at a larger distance, so O(V^2) waves are enough.
///
/// Flow matrices are poured from the sweeps' multipliers only when a wave touches their layer.

#include <span>

#include "algorithms/maxflow/engine/exact/pseudoflow.hpp"

namespace attnflow::engine {

struct WaveCounters {
    std::size_t waves = 0;
    std::size_t edges_scanned = 0;  ///< capacities looked at by labelling and pushing

    WaveCounters operator-(const WaveCounters& before) const {
        return {waves - before.waves, edges_scanned - before.edges_scanned};
    }
};

/// Vertices by their distance to the nearest deficit, and within one distance, a *level*, by their layer. They are
/// added in that order.
class LevelIndex {
public:
    struct Place {
        std::uint32_t layer;
        std::uint32_t position;
    };

    /// Without any vertex; a level has this many layers.
    void clear(std::size_t layers) {
        places_.clear();
        begin_.clear();
        layers_ = layers;
    }
    /// What is added from now on lies in the next layer, after the last one in the first layer of the next level.
    void next_layer() { begin_.push_back(places_.size()); }
    void add(std::size_t layer, std::size_t position) {
        places_.push_back({static_cast<std::uint32_t>(layer), static_cast<std::uint32_t>(position)});
    }

    std::size_t size() const { return places_.size(); }
    /// From the first-th that was added on.
    std::span<const Place> from(std::size_t first) const { return std::span(places_).subspan(first); }
    /// Those of a level in a layer, once next_layer() has ended it. Stands until the next add().
    std::span<const Place> at(Label level, std::size_t layer) const {
        const std::size_t i = static_cast<std::size_t>(level) * layers_ + layer;
        return std::span(places_).subspan(begin_[i], begin_[i + 1] - begin_[i]);
    }

private:
    std::size_t layers_ = 0;
    std::vector<Place> places_;
    std::vector<std::size_t> begin_;  // [level * layers_ + layer] in places_
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
    void check_own_cut() const;
    bool label_from_deficits();
    void label_deficits();
    void label_layer(std::size_t m, Label next);
    void look_at(std::size_t l, std::size_t x);
    void find_intake(std::size_t m, Label h);
    void push_excess();
    void push_down(std::size_t l, std::size_t x, Label h);
    void pull_up(std::size_t l, Label h);
    RowEnds ends(std::size_t l, Label label);

    static constexpr Label unlabelled = -1;
    static constexpr std::size_t limited_waves = 64;

    Pseudoflow& flow_;
    const PackedNetwork& network_;
    bool limited_ = true;        // intake limits pushes
    bool blocked_ = false;       // the last search has found no excess
    Panel<Label> label_;         // distance to the nearest deficit
    Panel<Amount> intake_;       // what a labelled vertex may still be sent in this wave
    Panel<Word> unlabelled_;     // by layer, a bit for each vertex in the range
    std::vector<Word> nearer_;   // scratch of label_layer()
    std::vector<Word> reached_;  // likewise
    std::vector<Word> stale_;    // likewise
    LevelIndex levels_;          // labelled vertices
    WaveCounters counters_;
};

}  // namespace attnflow::engine
