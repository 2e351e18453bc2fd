#pragma once
/// Names of binding cuts where capacities are 0.
///
/// The sums of closed_cuts.hpp run over the whole network; those of the vocabulary (graph/binding_cut.hpp) leave
/// out what lies on no path. Where every capacity is positive they are the same, else a restricted sum may equal
/// the flow where the whole one does not.

#include "algorithms/maxflow/engine/certificates/packed_network.hpp"
#include "algorithms/maxflow/flow_matrix.hpp"

namespace attnflow::engine {

/// Whether the engine's bounds for sources in `layer` have the vocabulary's own sums: no vertex lies on no path
/// but those outside a causal range.
inline bool bounds_name_cuts(const PackedNetwork& network, std::size_t layer) {
    return network.full() || (layer > 1 && network.full_below_mask());
}

/// Names the cuts of a result anew, from its values. `packed` is the whole network.  O(L n^2) a worker and O(L n)
/// a pair, less where the flow is a whole row or column.
void name_cuts(const FixedNetwork& network, const PackedNetwork& packed, std::size_t jobs, FlowMatrix& result);

}  // namespace attnflow::engine
