#pragma once
/// Proof that a flow is a maximum flow, checked from the network alone.
///
/// By max-flow min-cut (Ford & Fulkerson 1956), a flow is maximum exactly when the vertices
/// reachable from the source in the residual network do not include the sink; that set is
/// then the source side of a minimum cut whose capacity equals the value. The set is the
/// *source-minimal* one: it is contained in the source side of every minimum cut, and is
/// the same for every maximum flow.

#include <string>

#include "graph/layered_network.hpp"

namespace attnflow {

struct Certificate {
    bool holds = false;
    /// Empty when it holds; else which check failed (capacity, conservation, value,
    /// maximality, cut), at which vertex or edge, with the numbers.
    std::string failure;
    std::int64_t cut_capacity = 0;
    /// Source side of the source-minimal minimum cut (valid when `holds`), ascending.
    std::vector<Vertex> source_side;
};

/// Checks that `residual` (one value a slot, forward edges; the flow is capacity minus
/// residual) is a maximum flow of `value` from `source` to `sink`. Only layers between the
/// two are read; `source` must lie above `sink`.  O(slots) time, O(vertices) memory.
Certificate certify_max_flow(const FixedNetwork& network, Vertex source, Vertex sink, std::int64_t value,
                             std::span<const std::int64_t> residual);

}  // namespace attnflow
