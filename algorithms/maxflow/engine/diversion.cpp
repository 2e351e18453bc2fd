#include "algorithms/maxflow/engine/diversion.hpp"

#include "algorithms/maxflow/engine/kernels.hpp"

namespace attnflow::engine {

namespace {

enum Row { sent, part, level, rows };

}  // namespace

template <class T>
Diversion<T>::Diversion(const PackedNetwork<T>& network, std::size_t top)
    : network_(network),
      top_(top),
      needs_(network.widest()),
      flow_(network.width(top - 1), network.width(top - 2)),
      cells_(network.width(top - 1), network.width(top - 2)),
      below_(1, network.width(top - 2)),
      rows_(rows, network.width(top - 1)) {}

template <class T>
void Diversion<T>::enter(std::size_t source) {
    const std::size_t l = top_ - 1;
    mass_ = network_.down(top_).row(source);
    needs_.reset(network_.guide(l - 1), network_.width(l - 1), forward_total(network_, l, mass_));
    std::fill_n(below_.row(0), below_.stride(), T(0));
    sweep_layer(network_.down(l), mass_, source, network_.lift_down(l), needs_.floor(), needs_.data(),
                cells_.row(0), cells_.stride(), rows_.row(level), below_.row(0));
    for (std::size_t x = 0; x < flow_.rows(); ++x) {
        Real<T> sum = 0;
        for (std::size_t y = 0; y < flow_.columns(); ++y) {
            flow_(x, y) = static_cast<Real<T>>(cells_(x, y));
            sum += flow_(x, y);
        }
        rows_(sent, x) = sum;
    }
}

template <class T>
std::int64_t Diversion<T>::bound(std::size_t sink, const T* demand) {
    using R = Real<T>;
    if (sink >= flow_.columns()) return -1;
    const T* const column = network_.up(top_ - 1).row(sink);
    std::int64_t before = 0;
    std::int64_t most = 0;
    for (std::size_t x = 0; x < flow_.rows(); ++x) {
        before += cells_(x, sink);
        most += std::min(mass_[x], column[x]);
    }
    const std::int64_t wanted = demand[sink];
    if (wanted <= before) return -1;
    // Of what more could enter the lane, the part that is wanted there.
    const R share = wanted >= most ? R(1) : static_cast<R>(wanted - before) / static_cast<R>(most - before);
    for (std::size_t x = 0; x < flow_.rows(); ++x) {
        const R others = rows_(sent, x) - flow_(x, sink);
        const R more = share * static_cast<R>(std::min(mass_[x], column[x]) - cells_(x, sink));
        rows_(part, x) = others > 0 ? std::max(R(0), others - more) / others : R(0);
    }
    std::copy_n(demand, below_.stride(), below_.row(0));
    below_(0, sink) = 0;
    if (!covers<T>(flow_, rows_.row(part), below_.row(0))) return -1;
    std::int64_t value = std::min(wanted, most);
    for (std::size_t y = 0; y < flow_.columns(); ++y) value += below_(0, y);
    return value;
}

template class Diversion<std::int32_t>;
template class Diversion<std::int64_t>;

}  // namespace attnflow::engine
