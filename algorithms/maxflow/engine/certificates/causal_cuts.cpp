#include "algorithms/maxflow/engine/certificates/causal_cuts.hpp"

#include <numeric>

#include "algorithms/maxflow/engine/kernels/rows.hpp"

namespace attnflow::engine {
namespace {

class Cuts {
public:
    Cuts(const PackedNetwork& network, std::size_t top, std::size_t source, std::size_t sink)
        : network_(network),
          kernels_(row_kernels()),
          top_(top),
          source_(source),
          sink_(sink),
          begin_(sink / per_block * per_block),
          end_(padded(source + 1)),
          above_(top + 3, unbounded),
          below_(top + 1, unbounded) {
        above_[top + 1] = above_[top + 2] = below_[0] = 0;
    }

    Bound smallest() {
        tighten(bound_, row_sum(top_), CutKind::source_row, 0);
        tighten(bound_, column_sum(1), CutKind::sink_column, 0);
        // Partial sums only grow: what exceeds the bound once needs no further terms.
        for (std::size_t k = top_ - 1; k >= 1; --k) {
            above_[k + 1] = add_capacities(above_[k + 2], row_sum(k + 1) - network_.chain(k + 1)[source_]);
            if (above_[k + 1] >= bound_.value) break;
            tighten(bound_, add_capacities(above_[k + 1], row_sum(k)), CutKind::source_lane, k);
        }
        for (std::size_t k = 1; k + 2 <= top_; ++k) {
            below_[k] = add_capacities(below_[k - 1], column_sum(k) - network_.chain(k)[sink_]);
            if (below_[k] >= bound_.value) break;
            tighten(bound_, add_capacities(below_[k], column_sum(k + 1)), CutKind::sink_lane, k);
        }
        for (std::size_t b = 1; b < top_; ++b) {
            const Amount lanes = add_capacities(above_[b + 2], below_[b - 1]);
            if (lanes >= bound_.value) continue;
            // One of the two is 0 outside the range.
            const Amount middle = kernels_.min_sum(network_.down(b + 1).row(source_) + begin_,
                                                   network_.up(b).row(sink_) + begin_, end_ - begin_);
            tighten(bound_, add_capacities(lanes, middle), CutKind::crossing, b);
        }
        return bound_;
    }

private:
    Amount sum_in_range(const Amount* row) const {
        const auto outside = std::accumulate(row + begin_, row + sink_, Amount{0}) +
                             std::accumulate(row + source_ + 1, row + end_, Amount{0});
        return kernels_.signed_sums(row + begin_, end_ - begin_).positive - outside;
    }
    Amount row_sum(std::size_t l) const { return sum_in_range(network_.down(l).row(source_)); }
    Amount column_sum(std::size_t l) const { return sum_in_range(network_.up(l).row(sink_)); }

    const PackedNetwork& network_;
    const RowKernels& kernels_;
    std::size_t top_;
    std::size_t source_;
    std::size_t sink_;
    std::size_t begin_;  // whole blocks around the range
    std::size_t end_;
    std::vector<Amount> above_;  // [l]: sum of o_m(source) over m >= l
    std::vector<Amount> below_;  // [l]: sum of c_m(sink) over m <= l
    Bound bound_{unbounded, {}};
};

}  // namespace

Bound causal_cuts(const PackedNetwork& network, std::size_t top, std::size_t source, std::size_t sink) {
    return Cuts(network, top, source, sink).smallest();
}

}  // namespace attnflow::engine
