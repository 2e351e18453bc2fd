#pragma once
/// Attention flow: the value of the maximum flow from (l, s) to (0, t) when every attention
/// weight is a capacity. Each (source, token) pair is a problem of its own.
///
/// A path is worth its smallest weight, and paths compete for the edges they share. The
/// value is unique, the flow on single edges is not; only values are returned. For rows
/// that sum to 1: best path <= rollout <= flow <= min(1, column sum of layer 1 at t).
///
/// From a few layers on the value is usually a trivial cut and does not depend on the
/// layers between (see graph/binding_cut.hpp); every pair therefore comes with the cut that
/// binds. Compare with `column_sum` before reading anything into a flow.
///
/// Computed in fixed point (graph/quantiser.hpp), so every solver returns the same value;
/// the result carries the bits, the error bound and the entries rounded to 0.
///
/// solver = "auto" is, for dense networks, the engine of all pairs (maxflow/flow_engine.hpp):
/// sources, sinks and layers share their work, and each value is proven by construction (lower
/// bound equal to an upper bound, or a minimum cut). Where a tenth or more of the edges that a
/// causal mask, if there is one, leaves is missing (windows, pruning) it is Dinic's method, pair by
/// pair. The other solvers are there to check and to compare. `certify` has each flow of a pair-by-pair solver
/// proven by graph/certificate.hpp, and solves samples of the engine's answers again (maxflow/flow_audit.hpp):
/// value and cut must be those of Dinic's method, whose flow is proven. Attribution::checked counts both.
///
/// Scores: [source, token], in [0, 1] when rows sum to 1. The vertices of an interior cut are
/// listed when there is one source.
/// Complexity: the engine: O(l n^2) a source and a token for sweeps, O(l n) a pair for bounds, more
/// for pairs that these leave open. Others: S n max flows on l n vertices and l n^2 edges.
/// Throws InternalError when a certificate fails, which means a bug in a solver.
///
/// Abnar & Zuidema, ACL 2020, arXiv:2005.00928, section 3

#include <memory>

#include "algorithms/attribution_method.hpp"
#include "algorithms/maxflow/flow_audit.hpp"
#include "algorithms/maxflow/flow_engine.hpp"
#include "algorithms/maxflow/max_flow_solver.hpp"

namespace attnflow {

class AttentionFlow {
public:
    static EntryInfo describe();
    explicit AttentionFlow(const Parameters& parameters);
    Attribution attribute(const AttributionProblem& problem);
    std::vector<Attribution> attribute_layers(const LayersProblem& problem);
    /// The least capacity of all cuts, each of which is a set of positions a layer.  O(l n 4^n) a source.
    RowMajor<double> definition(const AttributionProblem& problem) const;

private:
    static Attribution empty_result(const AttributionProblem& problem, const FixedPoint& fixed_point);
    static Attribution by_engine(FlowEngine& engine, FlowAudit* audit, const AttributionProblem& problem,
                                 const FixedPoint& fixed_point);
    Attribution by_solver(const FixedNetwork& network, const AttributionProblem& problem,
                          const FixedPoint& fixed_point);
    void normalise(RowMajor<double>& scores) const;

    std::string solver_name_;
    std::unique_ptr<MaxFlowFamily::Interface> solver_;  // of pairs; in auto for what is not dense
    Quantiser quantiser_;
    bool certify_;
    bool normalise_rows_;
    ResidualState<std::int64_t> state_;
};

}  // namespace attnflow
