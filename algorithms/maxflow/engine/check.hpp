#pragma once
/// What the engine's proofs rest on, looked at from the network alone, by plain loops over every edge. Called
/// through ATTNFLOW_CHECK (graph/support/assert.hpp), so in the presets `dev` and those of the sanitizers; each
/// throws InternalError with what does not hold.
///
/// With these and the proofs of docs/engine.md a value need not be believed: a lower bound is that of two halves
/// that are feasible (check_half, check_served, check_covered), or of a pseudoflow whose balances are those of its
/// flow (check_balances); an upper bound is the capacity of a set that was summed edge by edge (check_cut). What
/// is left to believe is min_sum() and a subtraction.

#include <functional>

#include "algorithms/maxflow/engine/causal_range.hpp"
#include "algorithms/maxflow/engine/kernels/water_filling.hpp"

namespace attnflow::engine {

// Of the rings that are checked, so that they can include this.
struct Bound;
class PackedNetwork;
class Pseudoflow;

/// One step of a half-flow is feasible and its masses are its row sums: the rows that were poured one by one keep
/// capacities and pass on all they can; those that were poured together can share out what is left of `into` in
/// proportion to their masses, which is said in 128-bit integers. Cells of all rows were written.
void check_half(const Pour& pour);

/// Of serve_together(): `before` is what each vertex had and what was demanded, `left` what was returned.
struct Served {
    Row<Amount> mass;
    Row<Amount> demand;
};
void check_served(const Serve& serve, const Served& before, Amount left);

/// sum_x part[x] flow(x, y) >= demand[y] in numbers of more digits than those that said so.
void check_covered(const Panel<Amount>& flow, const Row<double>& part, const Row<Amount>& demand);

/// Capacities hold, and every balance is what its vertex receives minus what it sends. Pours layers that nobody
/// has asked for yet.
void check_balances(Pseudoflow& flow);

/// A set of vertices: of layer `top` the source alone, below that those that it contains, the sink not among them.
/// Positions that the range leaves out do not count.
struct CutSet {
    std::size_t top;
    std::size_t source;
    std::size_t sink;
    CausalRange range;
    std::function<bool(std::size_t l, std::size_t x)> contains;
};
/// What leaves the set has the capacity `capacity`.
void check_cut(const PackedNetwork& network, const CutSet& set, Amount capacity);
/// The closed-form cut of a bound has the capacity that the bound says, top >= 2. Under a causal mask with sums
/// over the range.
void check_bound(const PackedNetwork& network, std::size_t top, std::size_t source, std::size_t sink,
                 const Bound& bound);

}  // namespace attnflow::engine
