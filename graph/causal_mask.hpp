#pragma once

#include "graph/layered_network.hpp"

namespace attnflow {

/// Whether the network looks as under a causal mask: all layers are as wide as the input, and no edge goes to a
/// later position.  O(V).
template <class C>
bool is_causal(const LayeredNetwork<C>& network) {
    for (std::size_t l = 1; l <= network.layers(); ++l) {
        if (network.width(l) != network.width(0)) return false;
        for (std::size_t i = 0; i < network.width(l); ++i) {
            const Extent edges = network.row_extent(l, i);
            if (!edges.empty() && edges.end > i + 1) return false;
        }
    }
    return true;
}

}  // namespace attnflow
