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
/// Scores: [source, token], in [0, 1] when rows sum to 1.
/// Complexity: S n max-flow problems on l n vertices and l n^2 edges; see the solver.
/// Throws InternalError when a certificate fails, which means a bug in a solver.
///
/// Abnar & Zuidema, ACL 2020, arXiv:2005.00928, section 3

#include <memory>

#include "algorithms/attribution_method.hpp"
#include "algorithms/maxflow/max_flow_solver.hpp"

namespace attnflow {

class AttentionFlow {
public:
    static EntryInfo describe();
    explicit AttentionFlow(const Parameters& parameters);
    Attribution attribute(const AttributionProblem& problem);

private:
    std::string solver_name_;
    std::unique_ptr<MaxFlowFamily::Interface> solver_;
    Quantiser quantiser_;
    bool certify_;
    bool normalise_rows_;
    ResidualState<std::int64_t> state_;
};

}  // namespace attnflow
