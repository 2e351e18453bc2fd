#include <algorithm>
#include <cmath>
#include <numeric>

#include "algorithms/maxflow/engine/kernels.hpp"
#include "algorithms/maxflow/engine/waves.hpp"

namespace attnflow::engine {

template <class T>
SinkRows<T>::SinkRows(const PackedNetwork<T>& network, std::size_t lowest, std::size_t top)
    : network_(network), lowest_(lowest), beside_(top) {
    for (std::size_t l = lowest + 1; l < top; ++l) beside_[l] = network.down(l);
}

template <class T>
void SinkRows<T>::enter(std::size_t sink) {
    for (std::size_t l = lowest_ + 1; l < beside_.size(); ++l) {
        for (std::size_t x = 0; x < beside_[l].rows(); ++x) {
            if (sink_ < beside_[l].columns()) beside_[l](x, sink_) = network_.down(l)(x, sink_);
            if (sink < beside_[l].columns()) beside_[l](x, sink) = 0;
        }
    }
    sink_ = sink;
}

template <class T>
std::int64_t Pseudoflow<T>::outflow(std::size_t x) const {
    if (k_ == 1) return network_.up(1)(sink_, x);
    if (!built_[k_]) return sinks_->mass(k_, lower_)[x];
    const T* const row = flow_[k_].row(x);
    std::int64_t sum = 0;
    for (std::size_t j = 0; j < flow_[k_].columns(); ++j) sum += row[j];
    return sum;
}

template <class T>
void Pseudoflow<T>::add_supply(std::size_t x, T amount) {
    // All excess may come to lie at one vertex, so together it must fit a T. What does not is left out: less is
    // offered, nothing wrong is accepted.
    const std::int64_t room = std::numeric_limits<T>::max() - total_excess();
    balance_(k_, x) = static_cast<T>(balance_(k_, x) + std::clamp<std::int64_t>(room, 0, amount));
}

// What layer l may send into the lane (l-1, sink), of which `wanted` is wanted there: the lane
// itself first, then the others in proportion.
template <class T>
void Pseudoflow<T>::feed_lane(std::size_t l, std::int64_t wanted, T* mass, T* lane) {
    const T* const column = network_.up(l).row(sink_);
    std::int64_t others = 0;
    for (std::size_t x = 0; x < network_.width(l); ++x) {
        lane[x] = std::min(mass[x], column[x]);
        if (x != sink_) others += lane[x];
    }
    if (sink_ < network_.width(l)) {
        lane[sink_] = static_cast<T>(std::min<std::int64_t>(lane[sink_], wanted));
        wanted -= lane[sink_];
    }
    // Said in integers: `part` may round to 1, and more than is wanted must not be counted as fed.
    const bool too_much = others > wanted;
    const double part = too_much ? static_cast<double>(wanted) / static_cast<double>(others) : 1.0;
    for (std::size_t x = 0; x < network_.width(l); ++x) {
        if (x != sink_ && too_much) {
            const double share = std::ceil(part * static_cast<double>(lane[x]));
            lane[x] = static_cast<T>(std::min<std::int64_t>({lane[x], wanted, static_cast<std::int64_t>(share)}));
            wanted -= lane[x];
        }
        mass[x] -= lane[x];
    }
}

// What the vertices of layer l should get of `total`: what they can send into the lane below, of which `wanted` is
// wanted there, and of the rest as much as the guide says. The former comes first: who has too much sends it on,
// who has too little leaves the lane short.
template <class T>
void Pseudoflow<T>::aim(std::size_t l, std::int64_t total, std::int64_t wanted, const FoundCut<T>* cut) {
    Real<T>* const need = needs_.data();
    if (sink_ >= network_.width(l - 1)) {
        needs_.reset(network_.guide(l), network_.width(l), total);
        if (sink_ < network_.width(l)) need[sink_] = 0;
        return;
    }
    constexpr auto first = static_cast<Real<T>>(4);
    const T* const column = network_.up(l).row(sink_);
    std::int64_t sum = 0;
    for (std::size_t x = 0; x < network_.width(l); ++x) sum += x == sink_ ? T(0) : column[x];
    const std::int64_t into_lane = std::clamp<std::int64_t>(std::min(sum, wanted), 0, total);
    needs_.reset(network_.guide(l), network_.width(l), total - into_lane);
    const Real<T> part =
        sum > 0 ? first * static_cast<Real<T>>(into_lane) / static_cast<Real<T>>(sum) : Real<T>(0);
    for (std::size_t x = 0; x < network_.width(l); ++x) need[x] += part * static_cast<Real<T>>(column[x]);
    if (cut != nullptr) {
        // All that anybody can send there.
        const Real<T> all = static_cast<Real<T>>(1e3) * static_cast<Real<T>>(total);
        for (const std::size_t x : cut->beyond[l]) need[x] += all;
    }
    if (sink_ < network_.width(l)) need[sink_] = 0;
}

// What layer l sends to the vertices of layer k that lie beyond a cut, beside the lane: first those on the
// source's side, whose edges across are full in a maximum flow.
template <class T>
void Pseudoflow<T>::feed_beyond(std::size_t l, const FoundCut<T>& cut, T* mass) {
    const auto& targets = cut.beyond[l - 1];
    if (fed_.rows() < targets.size()) fed_ = Panel<T>(targets.size(), network_.widest());
    std::vector<char> beyond(network_.width(l), 0);
    if (l + 1 == top_) {
        for (std::size_t x = 0; x < beyond.size(); ++x)
            beyond[x] = network_.down(top_)(source_, x) < cut.into[x] ? 1 : 0;
    } else {
        for (const std::size_t x : cut.beyond[l]) beyond[x] = 1;
    }
    for (std::size_t f = 0; f < targets.size(); ++f) {
        T* const sent = fed_.row(f);
        std::fill_n(sent, fed_.stride(), T(0));
        if (targets[f] == sink_) continue;
        const T* const column = network_.up(l).row(targets[f]);
        T wanted = wanted_(0, targets[f]);
        for (const bool side : {false, true}) {
            for (std::size_t x = 0; x < beyond.size(); ++x) {
                if ((beyond[x] != 0) != side) continue;
                sent[x] = std::min({mass[x], column[x], wanted});
                mass[x] = static_cast<T>(mass[x] - sent[x]);
                wanted = static_cast<T>(wanted - sent[x]);
            }
        }
    }
}

// What the lower half takes at layer k.
template <class T>
void Pseudoflow<T>::see_lower_half() {
    return_excess();
    if (!lower_changed_) return;
    lower_changed_ = false;
    room_changed_ = true;
    std::fill_n(wanted_.row(0), wanted_.stride(), T(0));
    for (std::size_t x = 0; x < network_.width(k_); ++x) {
        wanted_(0, x) = static_cast<T>(std::min<std::int64_t>(outflow(x), std::numeric_limits<T>::max()));
    }
    lane_wanted_ = 0;
    if (sink_ < network_.width(k_)) std::swap(lane_wanted_, wanted_(0, sink_));
}

// What part of that each vertex above can serve alone.
template <class T>
void Pseudoflow<T>::see_serving_room(const SinkRows<T>& rows) {
    if (!room_changed_) return;
    room_changed_ = false;
    std::fill_n(per_wanted_.row(0), per_wanted_.stride(), Real<T>(0));
    for (std::size_t x = 0; x < network_.width(k_); ++x) {
        if (wanted_(0, x) > 0) per_wanted_(0, x) = 1 / static_cast<Real<T>>(wanted_(0, x));
    }
    const Panel<T>& above = rows.beside(k_ + 1);
    for (std::size_t x = 0; x < above.rows(); ++x) {
        serving_room_(0, x) = min_ratio(above.row(x), per_wanted_.row(0), above.stride());
    }
}

template <class T>
std::int64_t Pseudoflow<T>::feed(std::size_t top, std::size_t source, const SinkRows<T>& rows, Detail detail,
                                 const FoundCut<T>* cut) {
    see_lower_half();
    if (detail == Detail::masses) see_serving_room(rows);
    constexpr std::size_t few = 16;  // that can be fed by hand
    if (cut != nullptr && cut->beyond[k_].size() > few) cut = nullptr;
    top_ = top;
    source_ = source;
    highest_ = top - 1;
    supply_ = network_.row_sum(top, source);
    const bool build = detail == Detail::levels;
    std::int64_t excess = 0;
    T* mass = feed_.row(0);
    T* below = feed_.row(1);
    T* const lane = feed_.row(2);
    std::copy_n(network_.down(top).row(source), network_.down(top).stride(), mass);
    // The lane is filled as high up as it can be: what it holds too much it passes on.
    for (std::size_t l = top - 1; l > k_; --l) {
        Panel<T>& flow = flow_[l];
        if (build) {
            if (flow.empty()) flow = Panel<T>(network_.width(l), network_.width(l - 1));
            built_[l] = 1;
            residual_.change(l);
        }
        const Panel<T>& beside = rows.beside(l);
        const bool has_lane = sink_ < network_.width(l - 1);
        std::fill_n(lane, feed_.stride(), T(0));
        if (has_lane) feed_lane(l, lane_wanted_, mass, lane);
        if (l == k_ + 1) {
            // Nothing but what is wanted there: it is served while many can still send.
            std::copy_n(wanted_.row(0), beside.stride(), below);
            if (cut != nullptr) {
                feed_beyond(l, *cut, mass);
                for (const std::size_t y : cut->beyond[k_]) below[y] = 0;
            }
            if (!build) {
                excess += serve_masses(beside, mass, source, serving_room_.row(0), per_wanted_.row(0), below,
                                       needs_.cells(), levels_.data());
                break;
            }
            serve_layer(beside, mass, source, below, flow);
            for (std::size_t j = 0; j < network_.width(k_); ++j) balance_(k_, j) = -below[j];
            if (has_lane) balance_(k_, sink_) = -lane_wanted_;
            for (std::size_t f = 0; cut != nullptr && f < cut->beyond[k_].size(); ++f) {
                const std::size_t y = cut->beyond[k_][f];
                if (y == sink_) continue;
                balance_(k_, y) = -wanted_(0, y);
                for (std::size_t x = 0; x < network_.width(l); ++x) {
                    flow(x, y) = fed_(f, x);
                    balance_(k_, y) += fed_(f, x);
                }
            }
            std::copy_n(mass, network_.width(l), balance_.row(l));
        } else {
            std::fill_n(below, beside.stride(), T(0));
            const std::int64_t fed = std::accumulate(lane, lane + network_.width(l), std::int64_t{0});
            aim(l - 1, forward_total(network_, l, mass), lane_wanted_ - fed, cut);
            if (build) {
                sweep_layer(beside, mass, source, network_.lift_down(l), needs_.floor(), needs_.data(),
                            flow.row(0), flow.stride(), levels_.data(), below);
            } else {
                sweep_masses(beside, mass, source, network_.room_down(l), network_.per_guide(l - 1),
                             network_.lift_down(l), needs_.floor(), needs_.data(), needs_.cells(), levels_.data(),
                             below);
            }
            for (std::size_t x = 0; x < network_.width(l); ++x) {
                const std::int64_t room =
                    network_.row_sum(l, x) - (has_lane ? std::int64_t{network_.down(l)(x, sink_)} : 0);
                const auto left = static_cast<T>(std::max<std::int64_t>(0, mass[x] - room));
                if (build) balance_(l, x) = left;
                excess += left;
            }
        }
        if (has_lane) {
            T* const arrived = l == k_ + 1 ? balance_.row(k_) : below;
            for (std::size_t x = 0; x < network_.width(l); ++x) {
                if (build) flow(x, sink_) = lane[x];
                arrived[sink_] += lane[x];
            }
        }
        std::swap(mass, below);
    }
    return build ? lower_bound() : supply_ - excess;
}

#define ATTNFLOW_INSTANTIATE(T)                                                                     \
    template class SinkRows<T>;                                                                     \
    template std::int64_t Pseudoflow<T>::outflow(std::size_t) const;                                \
    template void Pseudoflow<T>::add_supply(std::size_t, T);                                        \
    template void Pseudoflow<T>::feed_lane(std::size_t, std::int64_t, T*, T*);                      \
    template void Pseudoflow<T>::feed_beyond(std::size_t, const FoundCut<T>&, T*);                  \
    template void Pseudoflow<T>::aim(std::size_t, std::int64_t, std::int64_t, const FoundCut<T>*);  \
    template void Pseudoflow<T>::see_lower_half();                                                  \
    template void Pseudoflow<T>::see_serving_room(const SinkRows<T>&);                              \
    template std::int64_t Pseudoflow<T>::feed(std::size_t, std::size_t, const SinkRows<T>&, Detail, \
                                              const FoundCut<T>*);
ATTNFLOW_INSTANTIATE(std::int32_t)
ATTNFLOW_INSTANTIATE(std::int64_t)
#undef ATTNFLOW_INSTANTIATE

}  // namespace attnflow::engine
