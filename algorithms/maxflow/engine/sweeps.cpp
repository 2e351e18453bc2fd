#include "algorithms/maxflow/engine/sweeps.hpp"

#include "algorithms/maxflow/engine/kernels.hpp"

namespace attnflow::engine {

template <class T>
Sweeps<T>::Sweeps(const PackedNetwork<T>& network, std::size_t top, std::size_t count) {
    for (std::size_t l = 0; l < top; ++l) {
        mass_.emplace_back(l == 0 ? 0 : count, network.width(l));
        level_.emplace_back(l == 0 ? 0 : count, network.width(l));
    }
}

template <class T>
void sweep_forward(const PackedNetwork<T>& network, std::size_t top, std::size_t source, std::size_t lowest,
                   Sweeps<T>& sweeps, std::size_t index) {
    std::copy_n(network.down(top).row(source), network.down(top).stride(), sweeps.mass(top - 1, index));
    for (std::size_t l = top - 1; l > lowest; --l) {
        T* const below = sweeps.mass(l - 1, index);
        std::fill_n(below, network.down(l).stride(), T(0));
        sweep_layer(network.down(l), sweeps.mass(l, index), network.guide(l - 1), sweeps.level(l, index), below);
    }
}

template <class T>
void sweep_backward(const PackedNetwork<T>& network, std::size_t sink, std::size_t highest, Sweeps<T>& sweeps,
                    std::size_t index) {
    std::copy_n(network.up(1).row(sink), network.up(1).stride(), sweeps.mass(1, index));
    for (std::size_t l = 1; l < highest; ++l) {
        T* const above = sweeps.mass(l + 1, index);
        std::fill_n(above, network.up(l + 1).stride(), T(0));
        sweep_layer(network.up(l + 1), sweeps.mass(l, index), network.guide(l + 1), sweeps.level(l, index), above);
    }
}

#define ATTNFLOW_INSTANTIATE(T)                                                                             \
    template class Sweeps<T>;                                                                               \
    template void sweep_forward(const PackedNetwork<T>&, std::size_t, std::size_t, std::size_t, Sweeps<T>&, \
                                std::size_t);                                                               \
    template void sweep_backward(const PackedNetwork<T>&, std::size_t, std::size_t, Sweeps<T>&, std::size_t);
ATTNFLOW_INSTANTIATE(std::int32_t)
ATTNFLOW_INSTANTIATE(std::int64_t)
#undef ATTNFLOW_INSTANTIATE

}  // namespace attnflow::engine
