#pragma once
/// Exact correction: waves on a pseudoflow.
///
/// A forward and a backward sweep joined at a layer are a *pseudoflow*: capacities hold, but
/// a vertex may receive more than it sends (excess) or less (shortage). A wave labels vertices
/// by their distance to the nearest shortage in the residual network and then pushes excess
/// level by level towards shortages, until blocked. So that little gets stuck on the way, no
/// vertex is sent more than its *intake*, a bound on what it can pass on (for a shortage, what
/// it lacks). All edges out of the source and into the
/// sink stay full throughout.
///
/// *Lower bound.* With R the source's row sum, R minus the sum of all excess is at most the
/// maximum flow, at any time: decompose into paths; those from the source that end in an
/// excess are the only ones lost.
/// *Optimality.* When no excess can reach a shortage, let S be the source and all vertices that
/// can be reached from an excess. Flow out of S is saturated, flow into S is 0, all excess and
/// no shortage lies in S; so the capacity of the cut (S, rest) is R minus the sum of all excess,
/// which is therefore the maximum flow. The same count shows that S is contained in the source
/// side of *every* minimum cut: it is the source-minimal one, as certify_max_flow names it.
/// *Termination.* A wave moves some excess to smaller distances and never shortens a distance.
/// After `patience` waves the intake no longer limits anything; from then on every excess that
/// a wave labels is gone afterwards or sits at a larger distance, so O(V^2) waves are enough.
///
/// Flow matrices are built from the sweeps' water levels only when a wave touches their layer.

#include "algorithms/maxflow/engine/found_cuts.hpp"
#include "algorithms/maxflow/engine/lanes.hpp"
#include "algorithms/maxflow/engine/residual_bits.hpp"
#include "algorithms/maxflow/engine/sweeps.hpp"

namespace attnflow::engine {

struct WaveCounters {
    std::size_t waves = 0;
    std::size_t edges_scanned = 0;  ///< capacities looked at by labelling and pushing

    WaveCounters operator-(const WaveCounters& before) const {
        return {waves - before.waves, edges_scanned - before.edges_scanned};
    }
};

/// The layers above `lowest` and below `top` without the sink's column: what is left for the rest of a
/// source's mass once the sink's lane is fed. O(n) to go on to another sink.
template <class T>
class SinkRows {
public:
    SinkRows(const PackedNetwork<T>& network, std::size_t lowest, std::size_t top);
    void enter(std::size_t sink);
    std::size_t top() const { return beside_.size(); }
    std::size_t lowest() const { return lowest_; }
    const Panel<T>& beside(std::size_t l) const { return beside_[l]; }

private:
    const PackedNetwork<T>& network_;
    std::size_t lowest_;
    std::size_t sink_ = std::numeric_limits<std::size_t>::max();
    std::vector<Panel<T>> beside_;
};

/// Scratch memory for one pair after the other: O(L n^2), allocated once. Keeps a reference.
template <class T>
class Pseudoflow {
public:
    explicit Pseudoflow(const PackedNetwork<T>& network);

    /// Joins sweep `upper` of `sources` and sweep `lower` of `sinks` at layer k in
    /// [1, top - 1]; the sweeps must reach it. Keeps references to both until the next join.
    void join(std::size_t top, std::size_t source, const Sweeps<T>& sources, std::size_t upper, std::size_t sink,
              const Sweeps<T>& sinks, std::size_t lower, std::size_t k);

    /// The pseudoflow of a lane sweep, run again; under a causal mask, waves then keep to its
    /// window, and all edges out of the source *into the window* are full.
    void join(LaneSweeps<T>& lanes);

    /// The upper half alone: from the source to layer k, where vertex x wants wanted[x].
    void join_upper(std::size_t top, std::size_t source, const Sweeps<T>& sources, std::size_t upper,
                    std::size_t k, const T* wanted);
    /// The lower half alone: from layer k, where vertex x has supply[x], to the sink.
    void join_lower(std::size_t sink, const Sweeps<T>& sinks, std::size_t lower, std::size_t k, const T* supply);

    /// Waves until all excess together is at most `allowed` or cannot reach a shortage, or
    /// there were `most_waves`.
    void run(std::int64_t allowed, std::size_t most_waves = std::numeric_limits<std::size_t>::max());
    /// Received minus sent of the vertices of layer l.
    const T* balance(std::size_t l) const { return balance_.row(l); }
    /// After join_lower and run: takes excess that is stuck below layer k back to layer k.
    void return_excess();

    /// After join_lower, run and return_excess: more supply for vertex x of layer k.
    void add_supply(std::size_t x, T amount);
    /// What leaves vertex x of layer k in the lower half.
    std::int64_t outflow(std::size_t x) const;

    /// Puts an upper half for (top, source) on the lower half as it is, or, for masses alone, only finds out what
    /// it would prove, in O(n) a layer where most vertices are light: that of join_lower or of the last feed for
    /// the same sink, with what waves have changed since. The upper half feeds the sink's lane first, as much as
    /// the lower half takes there, and pours the rest towards what the lower half wants. Returns the lower bound.
    /// `rows` must be at the sink.  O(n^2) a layer.
    std::int64_t feed(std::size_t top, std::size_t source, const SinkRows<T>& rows, Detail detail,
                      const FoundCut<T>* cut);

    /// What leaves the source minus all excess: at most the maximum flow.
    std::int64_t lower_bound() const;

    /// Waves until the lower bound equals `upper_bound` or no excess can reach a shortage.
    /// Returns the maximum flow.
    std::int64_t maximise(std::int64_t upper_bound);
    /// After maximise() has ended below its upper bound: whether vertex x of layer l, from 1 to top - 1, is on the
    /// sink's side of the minimum cut, that of what can still reach a shortage.
    bool beyond_cut(std::size_t l, std::size_t x) const { return label_(l, x) >= 0; }

    /// Source side of the source-minimal minimum cut as (layer, position), ascending; only
    /// after maximise(): runs what waves are left.
    std::vector<std::pair<std::size_t, std::size_t>> source_side();

    /// Turns the pseudoflow into a flow by sending excess back to the source and shortages on
    /// to the sink. Afterwards flow(l) holds it, l = 2..top-1, and source_flow / sink_flow the
    /// flow on the source's and the sink's edges.
    void cancel_imbalance();
    const Panel<T>& flow(std::size_t l) const { return flow_[l]; }
    const std::vector<T>& source_flow() const { return source_flow_; }
    const std::vector<T>& sink_flow() const { return sink_flow_; }

    const WaveCounters& counters() const { return counters_; }

private:
    struct Place {
        std::uint32_t layer;
        std::uint32_t position;
    };

    void start(std::size_t lowest, std::size_t highest, std::size_t k);
    std::size_t end_of(std::size_t l) const { return std::min(window_.last + 1, network_.width(l)); }
    std::size_t blocks_begin() const;
    std::size_t blocks_end(std::size_t l) const { return Panel<T>::padded(end_of(l)); }
    std::size_t row_end(std::size_t l, std::size_t x) const;
    void set_upper_balance(std::size_t l);
    void set_lower_balance(std::size_t l);
    void build(std::size_t l);
    void return_excess_of(std::size_t l);
    void see_lower_half();
    void see_serving_room(const SinkRows<T>& rows);
    void aim(std::size_t l, std::int64_t total, std::int64_t wanted, const FoundCut<T>* cut);
    void feed_beyond(std::size_t l, const FoundCut<T>& cut, T* mass);
    void feed_lane(std::size_t l, std::int64_t wanted, T* mass, T* lane);
    std::int64_t total_excess() const;
    std::int64_t total_shortage() const;
    bool label_from_shortages();
    void find_intake(std::size_t m, T h);
    void label_layer(std::size_t m, T next);
    void look_at(std::size_t l, std::size_t x);
    void push_excess();
    void push_down(std::size_t l, std::size_t x, T h);
    void pull_up(std::size_t l, T h);
    T label_of(Place v) const { return label_(v.layer, v.position); }
    std::pair<std::size_t, std::size_t> places(std::size_t h, std::size_t layer) const;

    static constexpr T unlabelled = -1;
    static constexpr std::size_t patience = 64;
    static constexpr Window everything{0, std::numeric_limits<std::size_t>::max() - 1};

    const PackedNetwork<T>& network_;
    std::size_t lowest_ = 1;  // layers whose vertices waves may visit
    std::size_t highest_ = 0;
    std::size_t top_ = 0;
    std::size_t source_ = 0;
    std::size_t sink_ = 0;
    const Sweeps<T>* sources_ = nullptr;
    const Sweeps<T>* sinks_ = nullptr;
    std::size_t upper_ = 0;
    std::size_t lower_ = 0;
    std::size_t k_ = 0;
    Window window_ = everything;  // positions that waves may visit in these layers
    bool causal_ = false;         // rows end at their own position
    std::int64_t supply_ = 0;     // what leaves the source

    std::vector<Panel<T>> flow_;  // by layer; layers 2..top-1, valid where built_
    std::vector<char> built_;
    Panel<T> balance_;                // [layer][position]: received minus sent
    Panel<T> intake_;                 // what a labelled vertex may still be sent in this wave
    bool patient_ = true;             // intake limits pushes
    Panel<T> label_;                  // distance to the nearest shortage
    ResidualBits<T> residual_;        // of flow_
    Panel<Word> unlabelled_;          // by layer, a bit for each vertex in the window
    std::vector<Word> nearer_;        // scratch of label_layer()
    std::vector<Word> reached_;       // scratch of label_layer()
    std::vector<Word> stale_;         // scratch of label_layer()
    std::vector<Place> order_;        // labelled vertices by ascending distance, then layer
    std::vector<std::size_t> begin_;  // of distance h and layer m in order_: [h * (highest + 1) + m]
    Panel<T> rows_;                   // scratch of build()
    Needs<T> needs_;
    Panel<T> feed_;                // scratch of feed()
    Panel<T> fed_;                 // likewise: what vertices beyond a found cut get at layer k
    bool lower_changed_ = true;    // since the next two were found
    T lane_wanted_ = 0;            // what the lower half takes of the sink's lane at layer k,
    Panel<T> wanted_;              // and of the others
    bool room_changed_ = true;     // since the next two were found
    Panel<Real<T>> per_wanted_;    // 1 / wanted_, 0 where nothing is
    Panel<Real<T>> serving_room_;  // what part of wanted_ each vertex above can serve alone
    std::vector<Real<T>, AlignedAllocator<Real<T>>> levels_;
    std::vector<T> source_flow_;
    std::vector<T> sink_flow_;
    WaveCounters counters_;
};

extern template class Pseudoflow<std::int32_t>;
extern template class Pseudoflow<std::int64_t>;

}  // namespace attnflow::engine
