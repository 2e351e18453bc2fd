#pragma once
/// Exact correction: waves on a pseudoflow.
///
/// A forward and a backward sweep joined at a layer are a *pseudoflow*: capacities hold, but
/// a vertex may receive more than it sends (excess) or less (shortage). A wave labels vertices
/// by their distance to the nearest shortage in the residual network and then pushes excess
/// level by level towards shortages, until blocked. All edges out of the source and into the
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
/// *Termination.* After a wave every excess that was labelled is gone or sits at a larger
/// distance.
///
/// Flow matrices are built from the sweeps' water levels only when a wave touches their layer.

#include "algorithms/maxflow/engine/sweeps.hpp"

namespace attnflow::engine {

struct WaveCounters {
    std::size_t waves = 0;
    std::size_t edges_scanned = 0;  ///< capacities looked at by labelling and pushing
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

    /// The source's row sum minus all excess: at most the maximum flow.
    std::int64_t lower_bound() const;

    /// Waves until the lower bound equals `upper_bound` or no excess can reach a shortage.
    /// Returns the maximum flow.
    std::int64_t maximise(std::int64_t upper_bound);

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

    void build(std::size_t l);
    std::int64_t total_excess() const;
    std::int64_t total_shortage() const;
    bool label_from_shortages();
    void label_layer(std::size_t m, T next);
    void push_excess();
    void push_from(Place v, T h);
    std::pair<std::size_t, std::size_t> places(std::size_t h, std::size_t layer) const;

    static constexpr T unlabelled = -1;

    const PackedNetwork<T>& network_;
    std::size_t top_ = 0;
    std::size_t source_ = 0;
    std::size_t sink_ = 0;
    const Sweeps<T>* sources_ = nullptr;
    const Sweeps<T>* sinks_ = nullptr;
    std::size_t upper_ = 0;
    std::size_t lower_ = 0;
    std::size_t k_ = 0;

    std::vector<Panel<T>> flow_;  // by layer; layers 2..top-1, valid where built_
    std::vector<char> built_;
    Panel<T> balance_;                // [layer][position]: received minus sent
    Panel<T> label_;                  // distance to the nearest shortage
    std::vector<Place> order_;        // labelled vertices by ascending distance, then layer
    std::vector<std::size_t> begin_;  // of distance h and layer m in order_: [h * top + m]
    Panel<T> rows_;                   // scratch of build()
    std::vector<T> source_flow_;
    std::vector<T> sink_flow_;
    WaveCounters counters_;
};

extern template class Pseudoflow<std::int32_t>;
extern template class Pseudoflow<std::int64_t>;

}  // namespace attnflow::engine
