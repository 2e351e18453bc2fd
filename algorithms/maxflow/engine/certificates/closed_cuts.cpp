#include "algorithms/maxflow/engine/certificates/closed_cuts.hpp"

#include "algorithms/maxflow/engine/kernels/rows.hpp"

namespace attnflow::engine {

ClosedCuts::ClosedCuts(const PackedNetwork& network, std::size_t top)
    : network_(network),
      top_(top),
      source_lane_(network.width(top), Bound{unbounded, {}}),
      sink_lane_(network.width(0), Bound{unbounded, {}}),
      above_(top + 3, std::vector<Amount>(network.width(top), 0)),
      below_(top + 1, std::vector<Amount>(network.width(0), 0)) {
    for (std::size_t s = 0; s < network.width(top); ++s) {
        for (std::size_t l = top; l >= 1; --l) {
            above_[l][s] = add_capacities(above_[l + 1][s], network.row_off_chain(l, s));
        }
        for (std::size_t k = top - 1; k >= 1; --k) {
            const Amount row = s < network.width(k) ? network.row_sum(k, s) : 0;
            tighten(source_lane_[s], add_capacities(above_[k + 1][s], row), CutKind::source_lane, k);
        }
    }
    for (std::size_t t = 0; t < network.width(0); ++t) {
        for (std::size_t l = 1; l <= top; ++l) {
            below_[l][t] = add_capacities(below_[l - 1][t], network.column_off_chain(l, t));
        }
        for (std::size_t k = 1; k + 2 <= top; ++k) {
            const Amount column = t < network.width(k) ? network.column_sum(k + 1, t) : 0;
            tighten(sink_lane_[t], add_capacities(below_[k][t], column), CutKind::sink_lane, k);
        }
    }
}

Bound ClosedCuts::end_cuts(std::size_t source, std::size_t sink) const {
    Bound bound{network_.row_sum(top_, source), {CutKind::source_row, 0}};
    tighten(bound, network_.column_sum(1, sink), CutKind::sink_column, 0);
    if (source_lane_[source].value < bound.value) bound = source_lane_[source];
    if (sink_lane_[sink].value < bound.value) bound = sink_lane_[sink];
    return bound;
}

Bound ClosedCuts::crossings(std::size_t source, std::size_t sink, Bound bound) const {
    for (std::size_t b = 1; b < top_; ++b) {
        const Amount lanes = add_capacities(above_[b + 2][source], below_[b - 1][sink]);
        if (lanes >= bound.value) continue;
        const Panel<Amount>& into_sink = network_.up(b);
        const bool meets = source < network_.width(b + 1) && sink < into_sink.rows();
        const Amount middle = meets ? row_kernels().min_sum(network_.down(b + 1).row(source), into_sink.row(sink),
                                                            into_sink.stride())
                                    : 0;
        tighten(bound, add_capacities(lanes, middle), CutKind::crossing, b);
    }
    return bound;
}

}  // namespace attnflow::engine
