#pragma once
/// Which pairs of a result are settled, and the one place where that happens.
///
/// A pair is settled once, with a value that is proven: a lower bound of the flow that equals an upper one,
/// or a maximum flow. Phases that hand in lower and upper bounds need not look whether they meet.

#include <algorithm>

#include "algorithms/maxflow/engine/certificates/closed_cuts.hpp"
#include "algorithms/maxflow/flow_matrix.hpp"
#include "graph/support/assert.hpp"

namespace attnflow::engine {

/// A pair's maximum flow and its smallest known upper bound.
struct SettledPair {
    Amount value = 0;
    Bound bound;
    SettledBy by = SettledBy::waves;

    BindingCut cut() const { return value == bound.value ? bound.cut : BindingCut{}; }
};

/// `pair`. More flow than a cut lets through is a fault of the program: InternalError.
const SettledPair& checked(const SettledPair& pair);

/// Writes row s and column t of the result, checked.
void write(const SettledPair& pair, std::size_t s, std::size_t t, FlowMatrix& result);

/// The pairs of a result that are not settled yet. Sources s are rows, sinks t columns. What belongs to different
/// pairs may be done by several threads at once; recount() and all that depends on it may not.
class OpenPairs {
public:
    /// All pairs of `result`, without any bound. Keeps a reference and writes to it.  O(pairs), as recount().
    explicit OpenPairs(FlowMatrix& result);

    bool is_open(std::size_t s, std::size_t t) const { return is_open_(s, t) != 0; }
    const Bound& bound(std::size_t s, std::size_t t) const { return bound_(s, t); }
    /// The largest upper bound of a sink's open pairs, 0 without any.  O(sources).
    Amount largest_bound(std::size_t t) const;

    /// The capacity of a cut, no larger than the one before, or a value that is proven to flow, of an open pair,
    /// which is settled when the best of both are equal: by what gave the lower one. Neither is looked at here:
    /// whoever calls has the proof (docs/engine.md), and check.hpp has what of it can be checked.
    void add_upper_bound(const Bound& bound, std::size_t s, std::size_t t) {
        ATTNFLOW_ASSERT(is_open(s, t) && bound.value <= bound_(s, t).value);
        bound_(s, t) = bound;
        settle_if_equal(s, t);
    }
    void add_lower_bound(Amount value, std::size_t s, std::size_t t, SettledBy by) {
        ATTNFLOW_ASSERT(is_open(s, t));
        if (value <= lower_(s, t)) return;
        lower_(s, t) = value;
        lower_by_(s, t) = by;
        settle_if_equal(s, t);
    }
    /// `value` is the maximum flow. One below a lower bound, or above an upper one, is a fault of the program:
    /// InternalError.
    void settle(Amount value, std::size_t s, std::size_t t, SettledBy by);

    /// Open pairs of some sources, now.
    std::size_t pairs_of(std::span<const std::size_t> some_sources) const;

    // As they were at the last recount.
    void recount();
    std::size_t pairs() const { return pairs_; }
    std::size_t source_count() const { return source_count_; }
    bool has_source(std::size_t s) const { return sources_[s] != 0; }
    bool has_sink(std::size_t t) const { return sinks_[t] != 0; }
    /// Whether half-flows for all ends that have open pairs are worth making: one costs about as much as feeding
    /// of a pair.
    bool worth_halves() const { return pairs_ > source_count_ + sink_count_; }

private:
    void settle_if_equal(std::size_t s, std::size_t t) {
        if (lower_(s, t) >= bound_(s, t).value) settle(lower_(s, t), s, t, lower_by_(s, t));
    }

    FlowMatrix& result_;
    RowMajor<char> is_open_;
    RowMajor<Bound> bound_;
    RowMajor<Amount> lower_;
    RowMajor<SettledBy> lower_by_;
    std::size_t pairs_ = 0;
    std::size_t source_count_ = 0;
    std::size_t sink_count_ = 0;
    std::vector<char> sources_;
    std::vector<char> sinks_;
};

}  // namespace attnflow::engine
