#include "algorithms/maxflow/engine/sweeps.hpp"

#include "algorithms/maxflow/engine/kernels.hpp"

namespace attnflow::engine {

template <class T>
Sweeps<T>::Sweeps(const PackedNetwork<T>& network, std::size_t top, std::size_t count) : has_levels_(count, 1) {
    for (std::size_t l = 0; l < top; ++l) {
        mass_.emplace_back(l == 0 ? 0 : count, network.width(l));
        level_.emplace_back(l == 0 ? 0 : count, network.width(l));
    }
}

template <class T>
Needs<T>::Needs(std::size_t widest) : need_(Panel<T>::padded(widest)), cells_(need_.size()) {}

template <class T>
void Needs<T>::reset(const Real<T>* guide, std::size_t columns, std::int64_t total) {
    constexpr auto trace = static_cast<Real<T>>(1e-6);
    const auto scale = static_cast<Real<T>>(total);
    for (std::size_t j = 0; j < need_.size(); ++j) need_[j] = j < columns ? scale * guide[j] : Real<T>(0);
    floor_ = trace * std::max(scale, Real<T>(1)) / static_cast<Real<T>>(columns);
}

template <class T>
std::int64_t forward_total(const PackedNetwork<T>& network, std::size_t l, const T* mass) {
    std::int64_t total = 0;
    for (std::size_t i = 0; i < network.width(l); ++i)
        total += std::min<std::int64_t>(mass[i], network.row_sum(l, i));
    return total;
}

template <class T>
std::int64_t backward_total(const PackedNetwork<T>& network, std::size_t l, const T* demand) {
    std::int64_t total = 0;
    for (std::size_t j = 0; j < network.width(l); ++j) {
        total += std::min<std::int64_t>(demand[j], network.column_sum(l + 1, j));
    }
    return total;
}

template <class T>
void sweep_forward(const PackedNetwork<T>& network, Needs<T>& needs, std::size_t top, std::size_t source,
                   std::size_t lowest, Sweeps<T>& sweeps, std::size_t index, Detail detail, std::size_t from) {
    if (from == 0) {
        from = top - 1;
        std::copy_n(network.down(top).row(source), network.down(top).stride(), sweeps.mass(from, index));
        sweeps.set_has_levels(index, true);
    }
    for (std::size_t l = from; l > lowest; --l) {
        T* const below = sweeps.mass(l - 1, index);
        std::fill_n(below, network.down(l).stride(), T(0));
        const T* const mass = sweeps.mass(l, index);
        needs.reset(network.guide(l - 1), network.width(l - 1), forward_total(network, l, mass));
        if (detail == Detail::levels) {
            sweep_layer(network.down(l), mass, source, network.lift_down(l), needs.floor(), needs.data(),
                        needs.cells(), 0, sweeps.level(l, index), below);
        } else if (!sweep_masses(network.down(l), mass, source, network.room_down(l), network.per_guide(l - 1),
                                 network.lift_down(l), needs.floor(), needs.data(), needs.cells(),
                                 sweeps.level(l, index), below)) {
            sweeps.set_has_levels(index, false);
        }
    }
}

template <class T>
void sweep_backward(const PackedNetwork<T>& network, Needs<T>& needs, std::size_t sink, std::size_t highest,
                    Sweeps<T>& sweeps, std::size_t index, Detail detail, std::size_t from) {
    if (from == 0) {
        from = 1;
        std::copy_n(network.up(1).row(sink), network.up(1).stride(), sweeps.mass(1, index));
        sweeps.set_has_levels(index, true);
    }
    for (std::size_t l = from; l < highest; ++l) {
        T* const above = sweeps.mass(l + 1, index);
        std::fill_n(above, network.up(l + 1).stride(), T(0));
        const T* const demand = sweeps.mass(l, index);
        needs.reset(network.guide(l + 1), network.width(l + 1), backward_total(network, l, demand));
        if (detail == Detail::levels) {
            sweep_layer(network.up(l + 1), demand, sink, network.lift_up(l), needs.floor(), needs.data(),
                        needs.cells(), 0, sweeps.level(l, index), above);
        } else if (!sweep_masses(network.up(l + 1), demand, sink, network.room_up(l), network.per_guide(l + 1),
                                 network.lift_up(l), needs.floor(), needs.data(), needs.cells(),
                                 sweeps.level(l, index), above)) {
            sweeps.set_has_levels(index, false);
        }
    }
}

#define ATTNFLOW_INSTANTIATE(T)                                                                            \
    template class Sweeps<T>;                                                                              \
    template class Needs<T>;                                                                               \
    template std::int64_t forward_total(const PackedNetwork<T>&, std::size_t, const T*);                   \
    template std::int64_t backward_total(const PackedNetwork<T>&, std::size_t, const T*);                  \
    template void sweep_forward(const PackedNetwork<T>&, Needs<T>&, std::size_t, std::size_t, std::size_t, \
                                Sweeps<T>&, std::size_t, Detail, std::size_t);                             \
    template void sweep_backward(const PackedNetwork<T>&, Needs<T>&, std::size_t, std::size_t, Sweeps<T>&, \
                                 std::size_t, Detail, std::size_t);
ATTNFLOW_INSTANTIATE(std::int32_t)
ATTNFLOW_INSTANTIATE(std::int64_t)
#undef ATTNFLOW_INSTANTIATE

}  // namespace attnflow::engine
