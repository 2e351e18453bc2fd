#pragma once
/// What a max-flow solve leaves behind, and can reuse for the next one.

#include <span>
#include <vector>

#include "graph/layered_network.hpp"

namespace attnflow {

/// Residual capacities: slots() forward edges in slot order, then slots() reverse edges
/// in the order of graph/residual.hpp. Only the layers between sink and source of the last
/// solve are meaningful. Memory: two capacities a slot (one for solvers that need no reverse
/// edges), allocated once and reused.
template <class C>
class ResidualState {
public:
    /// Makes room for `network` and sets the flow to 0 between the layers `low` and `high`.
    void reset(const LayeredNetwork<C>& network, std::size_t low, std::size_t high) {
        make_room(2 * network.slots());
        reset_forward(network, low, high);
        const std::size_t begin = network.first_slot(low + 1);
        const std::size_t end = network.first_slot(high + 1);
        std::fill_n(residual_.data() + slots_ + begin, end - begin, C(0));
    }
    /// The same for the forward edges alone: for solvers that need no reverse edges, and then
    /// no memory for them, or that set those themselves after make_room().
    void reset_forward(const LayeredNetwork<C>& network, std::size_t low, std::size_t high) {
        slots_ = network.slots();
        make_room(slots_);
        const std::size_t begin = network.first_slot(low + 1);
        const std::size_t end = network.first_slot(high + 1);
        std::copy_n(network.capacities().data() + begin, end - begin, residual_.data() + begin);
    }
    void make_room(std::size_t values) {
        if (residual_.size() < values) residual_.resize(values);
    }
    std::size_t bytes() const { return residual_.size() * sizeof(C); }
    C* data() { return residual_.data(); }
    const C* data() const { return residual_.data(); }

    /// Forward residuals in slot order. The flow on a slot is capacity minus this: reverse
    /// residuals are not read back, because Boost's Boykov-Kolmogorov leaves those next to
    /// the source and the sink stale.
    std::span<const C> forward() const { return {residual_.data(), slots_}; }

private:
    std::vector<C> residual_;
    std::size_t slots_ = 0;
};

}  // namespace attnflow
