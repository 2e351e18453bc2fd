#include "algorithms/maxflow/engine/exact/min_cut.hpp"

#include <algorithm>

namespace attnflow::engine {

std::vector<std::pair<std::size_t, std::size_t>> source_side(Pseudoflow& flow) {
    const PackedNetwork& network = flow.network();
    const std::size_t top = flow.top();
    std::vector<std::vector<char>> reached(top + 1);
    for (std::size_t l = 0; l <= top; ++l) reached[l].assign(network.width(l), 0);
    std::vector<std::pair<std::size_t, std::size_t>> side;
    const auto reach = [&](std::size_t l, std::size_t x) {
        if (reached[l][x]) return;
        reached[l][x] = 1;
        side.emplace_back(l, x);
    };
    const auto inside = [&](std::size_t x) { return x >= flow.range().first && x <= flow.range().last; };
    reach(top, flow.source());
    for (std::size_t l = 1; l < top; ++l) {
        for (std::size_t x = 0; x < network.width(l); ++x) {
            if (flow.balance(l)[x] > 0) reach(l, x);
        }
    }
    // The edges of the source into the range and those into the sink are full, other edges of layer 1 and all that
    // enter or leave the range empty.
    const auto flow_on = [&](std::size_t l, std::size_t x, std::size_t y) -> Amount {
        if (l == top) return inside(y) ? network.down(l)(x, y) : 0;
        if (l == 1) return y == flow.sink() ? network.down(l)(x, y) : 0;
        return inside(x) && inside(y) ? flow.flow(l)(x, y) : 0;
    };
    for (std::size_t next = 0; next < side.size(); ++next) {
        const auto [l, x] = side[next];
        if (l == 0) continue;
        for (std::size_t y = 0; y < network.width(l - 1); ++y) {
            if (network.down(l)(x, y) > flow_on(l, x, y)) reach(l - 1, y);
        }
        if (l + 1 >= top) continue;
        for (std::size_t z = 0; z < network.width(l + 1); ++z) {
            if (flow_on(l + 1, z, x) > 0) reach(l + 1, z);
        }
    }
    std::sort(side.begin(), side.end());
    return side;
}

}  // namespace attnflow::engine
