#pragma once
/// Exact max flow of one pair in a dense layered network, without any edge object.
///
/// Idea: a water-filling sweep from the source and one from the sink meet in a middle layer
/// (engine/certificates/sweeps.hpp); what does not match there is corrected by waves
/// (engine/exact/waves.hpp), which stop as soon as the flow equals a closed-form cut
/// (engine/certificates/closed_cuts.hpp) or nothing can be gained. On attention a pair costs little more than
/// reading its matrices twice.
///
/// Complexity: O(L n^2) a sweep and a wave. Few waves suffice in practice; in the worst case
/// there are O(V^2), as for any method that pushes along exact distances.
/// Memory: four capacities a slot, allocated once and reused.
/// Returned: the value (unique) and the forward residuals of one maximum flow.
///
/// Prefer FlowEngine (flow_engine.hpp) for rows or all pairs: there sources and sinks share their
/// sweeps. Prefer boykov_kolmogorov on networks with few edges.
///
/// docs/engine.md

#include <memory>

#include "algorithms/maxflow/max_flow_solver.hpp"

namespace attnflow {

class LayeredFlow {
public:
    static EntryInfo describe();
    LayeredFlow();
    ~LayeredFlow();
    LayeredFlow(LayeredFlow&&) noexcept;
    LayeredFlow& operator=(LayeredFlow&&) noexcept;

    std::int64_t solve(const FixedNetwork& network, Vertex source, Vertex sink,
                       ResidualState<std::int64_t>& state);

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace attnflow
