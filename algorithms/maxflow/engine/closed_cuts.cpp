#include "algorithms/maxflow/engine/closed_cuts.hpp"

#include "algorithms/maxflow/engine/kernels.hpp"

namespace attnflow::engine {
template <class T>
ClosedCuts<T>::ClosedCuts(const PackedNetwork<T>& network, std::size_t top)
    : network_(network),
      top_(top),
      source_lane_(network.width(top), Bound{unbounded, {}}),
      sink_lane_(network.width(0), Bound{unbounded, {}}),
      above_(top + 3),
      below_(top + 1) {
    for (std::size_t s = 0; s < network.width(top); ++s) {
        std::int64_t off_lane = 0;
        for (std::size_t k = top - 1; k >= 1; --k) {
            off_lane = add_capacities(off_lane, network.row_off_lane(k + 1, s));
            const std::int64_t row = s < network.width(k) ? network.row_sum(k, s) : 0;
            tighten(source_lane_[s], add_capacities(off_lane, row), CutKind::source_lane, k);
        }
    }
    for (std::size_t t = 0; t < network.width(0); ++t) {
        std::int64_t off_lane = 0;
        for (std::size_t k = 1; k + 2 <= top; ++k) {
            off_lane = add_capacities(off_lane, network.column_off_lane(k, t));
            const std::int64_t column = t < network.width(k) ? network.column_sum(k + 1, t) : 0;
            tighten(sink_lane_[t], add_capacities(off_lane, column), CutKind::sink_lane, k);
        }
    }
    for (auto& sums : above_) sums.assign(network.width(top), 0);
    for (auto& sums : below_) sums.assign(network.width(0), 0);
    for (std::size_t l = top; l >= 1; --l) {
        for (std::size_t s = 0; s < network.width(top); ++s) {
            above_[l][s] = add_capacities(above_[l + 1][s], network.row_off_lane(l, s));
        }
    }
    for (std::size_t l = 1; l <= top; ++l) {
        for (std::size_t t = 0; t < network.width(0); ++t) {
            below_[l][t] = add_capacities(below_[l - 1][t], network.column_off_lane(l, t));
        }
    }
}

template <class T>
Bound ClosedCuts<T>::lanes(std::size_t source, std::size_t sink) const {
    Bound bound{network_.row_sum(top_, source), {CutKind::source_row, 0}};
    tighten(bound, network_.column_sum(1, sink), CutKind::sink_column, 0);
    if (source_lane_[source].value < bound.value) bound = source_lane_[source];
    if (sink_lane_[sink].value < bound.value) bound = sink_lane_[sink];
    return bound;
}

template <class T>
Bound ClosedCuts<T>::crossings(std::size_t source, std::size_t sink, Bound bound) const {
    for (std::size_t b = 1; b < top_; ++b) {
        const std::int64_t lanes = add_capacities(above_[b + 2][source], below_[b - 1][sink]);
        if (lanes >= bound.value) continue;
        const bool meets = source < network_.width(b + 1) && sink < network_.width(b - 1);
        const std::int64_t middle =
            meets ? min_sum(network_.down(b + 1).row(source), network_.up(b).row(sink), network_.up(b).stride())
                  : 0;
        tighten(bound, add_capacities(lanes, middle), CutKind::crossing, b);
    }
    return bound;
}

template class ClosedCuts<std::int32_t>;
template class ClosedCuts<std::int64_t>;

}  // namespace attnflow::engine
