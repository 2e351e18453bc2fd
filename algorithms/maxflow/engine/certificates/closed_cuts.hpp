#pragma once
/// Upper bounds: the closed-form cuts of graph/binding_cut.hpp, in its order.
///
/// The capacity of a source_row or source_lane depends on the source alone, that of a
/// sink_column or sink_lane on the sink alone, so the best of each is found once; only
/// crossing cuts cost O(n) a pair. All sums run over the whole network. Where some
/// capacities are 0 the vocabulary's own sums leave vertices out and may be smaller; these
/// here are still cuts, hence still upper bounds.

#include "algorithms/maxflow/engine/certificates/packed_network.hpp"
#include "graph/binding_cut.hpp"

namespace attnflow::engine {

struct Bound {
    Amount value = 0;
    BindingCut cut;
};

/// Makes `bound` the cut of capacity `value` where that is smaller.
inline void tighten(Bound& bound, Amount value, CutKind kind, std::size_t layer) {
    if (value < bound.value) bound = {value, {kind, static_cast<std::uint32_t>(layer)}};
}

class ClosedCuts {
public:
    /// Flows from layer `top` to layer 0. Keeps a reference.  O(L n).
    ClosedCuts(const PackedNetwork& network, std::size_t top);

    /// The smallest row or lane cut of a source alone, column or lane cut of a sink alone.
    Amount source_bound(std::size_t source) const {
        return std::min(network_.row_sum(top_, source), source_lane_[source].value);
    }
    Amount sink_bound(std::size_t sink) const {
        return std::min(network_.column_sum(1, sink), sink_lane_[sink].value);
    }

    /// The first smallest cut among rows, columns and lanes: *end cuts*, which one end alone decides.  O(1).
    Bound end_cuts(std::size_t source, std::size_t sink) const;
    /// `bound`, or the first crossing cut that is smallest and below it.  O(L n), less when
    /// partial sums already exceed the bound.
    Bound crossings(std::size_t source, std::size_t sink, Bound bound) const;

private:
    const PackedNetwork& network_;
    std::size_t top_;
    std::vector<Bound> source_lane_;          // by source
    std::vector<Bound> sink_lane_;            // by sink
    std::vector<std::vector<Amount>> above_;  // [l][s]: sum of o_m(s) over m >= l
    std::vector<std::vector<Amount>> below_;  // [l][t]: sum of c_m(t) over m <= l
};

}  // namespace attnflow::engine
