#pragma once
/// The backward sweeps of all sinks. They do not depend on the source layer, so all layers of one engine share
/// them, and each goes on upwards from where it was left.

#include "algorithms/maxflow/engine/sweeps.hpp"
#include "algorithms/maxflow/engine/workers.hpp"

namespace attnflow::engine {

/// What sweeps are made for first: masses where they are cheaper than levels.
template <class T>
Detail cheapest_detail(const PackedNetwork<T>& network) {
    return network.is_light() ? Detail::masses : Detail::levels;
}

/// Memory: O(L n^2), from the first sweep.
template <class T>
class SinkSweeps {
public:
    /// Keeps a reference.
    explicit SinkSweeps(const PackedNetwork<T>& network) : network_(network) {}

    /// Sweeps of all sinks for which wanted(t), up to layer `highest`.  O(n^2) a layer and sink, or less.
    template <class Wanted>
    void reach(Workers<T>& workers, std::size_t highest, const Wanted& wanted) {
        const std::size_t sinks = network_.width(0);
        if (reached_.empty()) {
            sweeps_ = Sweeps<T>(network_, network_.layers(), sinks);
            reached_.assign(sinks, 0);
        }
        workers.for_each(sinks, [&](std::size_t t, Scratch<T>& scratch) {
            if (reached_[t] >= highest || !wanted(t)) return;
            go_on(scratch.needs(), t, highest, cheapest_detail(network_), reached_[t]);
        });
    }

    /// The sweep of sink t, which exists, up to layer `highest` with all levels.  O(n^2) a layer.
    void complete(Needs<T>& needs, std::size_t t, std::size_t highest) {
        const std::size_t from = sweeps_.has_levels(t) ? reached_[t] : 0;
        if (from < highest) go_on(needs, t, highest, Detail::levels, from);
    }

    /// Sweep t is that of sink t.
    const Sweeps<T>& sweeps() const { return sweeps_; }
    const T* demand(std::size_t l, std::size_t t) const { return sweeps_.mass(l, t); }

private:
    void go_on(Needs<T>& needs, std::size_t t, std::size_t highest, Detail detail, std::size_t from) {
        sweep_backward(network_, needs, t, highest, sweeps_, t, detail, from);
        reached_[t] = highest;
    }

    const PackedNetwork<T>& network_;
    Sweeps<T> sweeps_;
    std::vector<std::size_t> reached_;  // layer, by sink
};

}  // namespace attnflow::engine
