#include "algorithms/maxflow/engine/window_cuts.hpp"

#include <numeric>

#include "algorithms/maxflow/engine/kernels.hpp"

namespace attnflow::engine {
namespace {

template <class T>
class Cuts {
public:
    Cuts(const PackedNetwork<T>& network, std::size_t top, std::size_t source, std::size_t sink)
        : network_(network),
          top_(top),
          source_(source),
          sink_(sink),
          begin_(sink / Panel<T>::padded(1) * Panel<T>::padded(1)),
          end_(Panel<T>::padded(source + 1)),
          above_(top + 3, unbounded),
          below_(top + 1, unbounded) {
        above_[top + 1] = above_[top + 2] = below_[0] = 0;
    }

    Bound smallest() {
        tighten(bound_, row_sum(top_), CutKind::source_row, 0);
        tighten(bound_, column_sum(1), CutKind::sink_column, 0);
        // Partial sums only grow: what exceeds the bound once needs no further terms.
        for (std::size_t k = top_ - 1; k >= 1; --k) {
            above_[k + 1] = add_capacities(above_[k + 2], row_sum(k + 1) - network_.lane(k + 1)[source_]);
            if (above_[k + 1] >= bound_.value) break;
            tighten(bound_, add_capacities(above_[k + 1], row_sum(k)), CutKind::source_lane, k);
        }
        for (std::size_t k = 1; k + 2 <= top_; ++k) {
            below_[k] = add_capacities(below_[k - 1], column_sum(k) - network_.lane(k)[sink_]);
            if (below_[k] >= bound_.value) break;
            tighten(bound_, add_capacities(below_[k], column_sum(k + 1)), CutKind::sink_lane, k);
        }
        for (std::size_t b = 1; b < top_; ++b) {
            const std::int64_t lanes = add_capacities(above_[b + 2], below_[b - 1]);
            if (lanes >= bound_.value) continue;
            // One of the two is 0 outside the window.
            const std::int64_t middle = min_sum(network_.down(b + 1).row(source_) + begin_,
                                                network_.up(b).row(sink_) + begin_, end_ - begin_);
            tighten(bound_, add_capacities(lanes, middle), CutKind::crossing, b);
        }
        return bound_;
    }

private:
    std::int64_t window_sum(const T* row) const {
        const auto outside = std::accumulate(row + begin_, row + sink_, std::int64_t{0}) +
                             std::accumulate(row + source_ + 1, row + end_, std::int64_t{0});
        return signed_sums(row + begin_, end_ - begin_).positive - outside;
    }
    std::int64_t row_sum(std::size_t l) const { return window_sum(network_.down(l).row(source_)); }
    std::int64_t column_sum(std::size_t l) const { return window_sum(network_.up(l).row(sink_)); }

    const PackedNetwork<T>& network_;
    std::size_t top_;
    std::size_t source_;
    std::size_t sink_;
    std::size_t begin_;  // whole blocks around the window
    std::size_t end_;
    std::vector<std::int64_t> above_;  // [l]: sum of o_m(source) over m >= l
    std::vector<std::int64_t> below_;  // [l]: sum of c_m(sink) over m <= l
    Bound bound_{unbounded, {}};
};

}  // namespace

template <class T>
Bound window_cuts(const PackedNetwork<T>& network, std::size_t top, std::size_t source, std::size_t sink) {
    return Cuts<T>(network, top, source, sink).smallest();
}

template Bound window_cuts(const PackedNetwork<std::int32_t>&, std::size_t, std::size_t, std::size_t);
template Bound window_cuts(const PackedNetwork<std::int64_t>&, std::size_t, std::size_t, std::size_t);

}  // namespace attnflow::engine
