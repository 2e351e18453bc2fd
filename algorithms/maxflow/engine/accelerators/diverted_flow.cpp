#include "algorithms/maxflow/engine/accelerators/diverted_flow.hpp"

#include <algorithm>

#include "algorithms/maxflow/engine/check.hpp"
#include "graph/support/assert.hpp"

namespace attnflow::engine {

DivertedFlow::DivertedFlow(const PackedNetwork& network, std::size_t top)
    : network_(network),
      top_(top),
      demand_(network.widest()),
      cells_(network.width(top - 1), network.width(top - 2)),
      flow_(cells_.rows(), cells_.columns()),
      below_(cells_.stride()),
      multiplier_(padded(cells_.rows())),
      part_(multiplier_.size()),
      sent_(cells_.rows()),
      more_(cells_.rows()) {}

void DivertedFlow::enter(std::size_t source) {
    const Step step = network_.step(Direction::down, top_ - 1);
    const Guide& guide = network_.guide();
    mass_ = network_.down(top_).row(source);
    demand_.reset(guide.share(step.to), cells_.columns(), passable(step, mass_));
    std::fill(below_.begin(), below_.end(), Amount{0});
    pour_step({.capacity = step.capacity,
               .mass = mass_,
               .first = source,
               .start = guide.start(Direction::down, step.from),
               .least = demand_.least(),
               .demand = demand_.data(),
               .cells = cells_.row(0),
               .stride = cells_.stride(),
               .multiplier = multiplier_.data(),
               .into = below_.data()},
              Detail::multipliers);
    for (std::size_t x = 0; x < cells_.rows(); ++x) {
        sent_[x] = 0;
        for (std::size_t y = 0; y < cells_.columns(); ++y) {
            flow_(x, y) = static_cast<double>(cells_(x, y));
            sent_[x] += cells_(x, y);
        }
    }
}

Amount DivertedFlow::bound(std::size_t sink, const Amount* demand) {
    if (sink >= cells_.columns()) return -1;
    const Amount* const column = network_.up(top_ - 1).row(sink);
    Amount before = 0;
    Amount room = 0;
    for (std::size_t x = 0; x < cells_.rows(); ++x) {
        // No more than edge and vertex have left, the latter beside what stays with it for lack of capacity.
        more_[x] = std::min({mass_[x], column[x], sent_[x]}) - cells_(x, sink);
        before += cells_(x, sink);
        room += more_[x];
    }
    const Amount wanted = demand[sink];
    if (wanted <= before) return -1;
    if (room > wanted - before) take_part(wanted - before, room);
    for (std::size_t x = 0; x < cells_.rows(); ++x) {
        const Amount others = sent_[x] - cells_(x, sink);
        part_[x] = others > 0 ? static_cast<double>(others - more_[x]) / static_cast<double>(others) : 0.0;
    }
    std::copy_n(demand, below_.size(), below_.begin());
    below_[sink] = 0;
    if (!water_filling().covers(flow_, part_.data(), below_.data())) return -1;
    Amount value = std::min(wanted, before + room);
    for (std::size_t y = 0; y < cells_.columns(); ++y) value += below_[y];
    ATTNFLOW_CHECK(check_diverted({network_.down(top_ - 1), cells_, mass_, sink, more_, below_, wanted}, value));
    return value;
}

// Of the `room` that more_ takes up, `wanted` in all and about the same part of each.
void DivertedFlow::take_part(Amount wanted, Amount room) {
    const double share = static_cast<double>(wanted) / static_cast<double>(room);
    Amount rest = wanted;
    spare_.clear();
    for (Amount& more : more_) {
        const Amount some = std::min(more, static_cast<Amount>(share * static_cast<double>(more)));
        rest -= some;
        spare_.push_back(more - some);
        more = some;
    }
    for (std::size_t x = 0; x < more_.size(); ++x) {
        const Amount change = std::clamp(rest, -more_[x], spare_[x]);
        more_[x] += change;
        rest -= change;
    }
}

}  // namespace attnflow::engine
