#include "algorithms/maxflow/engine/diversion.hpp"

#include "algorithms/maxflow/engine/kernels.hpp"

namespace attnflow::engine {

namespace {

enum Row { part, level, rows };

}  // namespace

template <class T>
Diversion<T>::Diversion(const PackedNetwork<T>& network, std::size_t top)
    : network_(network),
      top_(top),
      needs_(network.widest()),
      flow_(network.width(top - 1), network.width(top - 2)),
      cells_(network.width(top - 1), network.width(top - 2)),
      below_(1, network.width(top - 2)),
      rows_(rows, network.width(top - 1)),
      sent_(network.width(top - 1)),
      more_(network.width(top - 1)) {}

template <class T>
void Diversion<T>::enter(std::size_t source) {
    const std::size_t l = top_ - 1;
    mass_ = network_.down(top_).row(source);
    needs_.reset(network_.guide(l - 1), network_.width(l - 1), forward_total(network_, l, mass_));
    std::fill_n(below_.row(0), below_.stride(), T(0));
    sweep_layer(network_.down(l), mass_, source, network_.lift_down(l), needs_.floor(), needs_.data(),
                cells_.row(0), cells_.stride(), rows_.row(level), below_.row(0));
    for (std::size_t x = 0; x < flow_.rows(); ++x) {
        sent_[x] = 0;
        for (std::size_t y = 0; y < flow_.columns(); ++y) {
            flow_(x, y) = static_cast<Real<T>>(cells_(x, y));
            sent_[x] += cells_(x, y);
        }
    }
}

template <class T>
std::int64_t Diversion<T>::bound(std::size_t sink, const T* demand) {
    if (sink >= flow_.columns()) return -1;
    const T* const column = network_.up(top_ - 1).row(sink);
    std::int64_t before = 0;
    std::int64_t room = 0;
    for (std::size_t x = 0; x < flow_.rows(); ++x) {
        // No more than edge and vertex have left, the latter beside what stays with it for want of capacity.
        more_[x] =
            std::min<std::int64_t>({std::min(mass_[x], column[x]) - cells_(x, sink), sent_[x] - cells_(x, sink)});
        before += cells_(x, sink);
        room += more_[x];
    }
    const std::int64_t wanted = demand[sink];
    if (wanted <= before) return -1;
    if (room > wanted - before) take_part(wanted - before, room);
    for (std::size_t x = 0; x < flow_.rows(); ++x) {
        const std::int64_t others = sent_[x] - cells_(x, sink);
        rows_(part, x) =
            others > 0 ? static_cast<Real<T>>(others - more_[x]) / static_cast<Real<T>>(others) : Real<T>(0);
    }
    std::copy_n(demand, below_.stride(), below_.row(0));
    below_(0, sink) = 0;
    if (!covers<T>(flow_, rows_.row(part), below_.row(0))) return -1;
    std::int64_t value = std::min(wanted, before + room);
    for (std::size_t y = 0; y < flow_.columns(); ++y) value += below_(0, y);
    return value;
}

// Of the `room` that more_ takes up, `wanted` in all and about the same part of each.
template <class T>
void Diversion<T>::take_part(std::int64_t wanted, std::int64_t room) {
    const double share = static_cast<double>(wanted) / static_cast<double>(room);
    std::int64_t rest = wanted;
    for (std::int64_t& more : more_) {
        const std::int64_t some = std::min(more, static_cast<std::int64_t>(share * static_cast<double>(more)));
        rest -= some;
        spare_.push_back(more - some);
        more = some;
    }
    for (std::size_t x = 0; x < more_.size(); ++x) {
        const std::int64_t change = std::clamp(rest, -more_[x], spare_[x]);
        more_[x] += change;
        rest -= change;
    }
    spare_.clear();
}

template class Diversion<std::int32_t>;
template class Diversion<std::int64_t>;

}  // namespace attnflow::engine
