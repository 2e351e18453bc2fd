#pragma once
/// What the engine's proofs rest on, read from the packed network and from the numbers of a flow, which a
/// pseudoflow's accessors give, by plain loops over every edge. Called through ATTNFLOW_CHECK
/// (graph/support/assert.hpp), so in the presets `dev` and those of the sanitizers; each throws InternalError with
/// what does not hold.
///
/// With these and the proofs of docs/engine.md a value need not be believed: a lower bound is that of two halves
/// that are feasible (check_half, check_fed, check_served, check_lower_half, check_upper_half), or
/// of a pseudoflow whose balances are those of its flow (check_balances, check_lower_bound); an upper bound is the
/// capacity of a set that was summed edge by edge (check_cut). What is left to believe is that a value, and what
/// proves it, are of the pair for which it is written down (docs/engine.md counts the lines).

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

/// A step that keeps no cells (stride 0), with cells of its own and on copies of what it changes: to be poured,
/// and looked at, beside it.
class KeptPour {
public:
    explicit KeptPour(const Pour& step);
    const Pour& step() const { return step_; }
    /// check_half(), and the step itself has come to the same.
    void check(const Pour& without_cells) const;

private:
    Row<double> demand_;
    Row<double> multiplier_;
    Row<Amount> into_;
    Panel<Amount> cells_;
    Pour step_;
};

/// Of serve_together(): `before` is what each vertex had and what was demanded, `left` what was returned. Cells of
/// rows that were not served are 0.
struct Served {
    Row<Amount> mass;
    Row<Amount> demand;
};
void check_served(const Serve& serve, const Served& before, Amount left);

/// As KeptPour.
class KeptServe {
public:
    explicit KeptServe(const Serve& step);
    const Serve& step() const { return step_; }
    /// check_served(), and the step itself has come to the same and returned the same.
    void check(Amount left, const Serve& without_cells, Amount left_without_cells) const;

private:
    Served before_;
    Row<Amount> mass_;
    Row<Amount> demand_;
    Row<double> mark_;
    Panel<Amount> cells_;
    Serve step_;
};

/// A layer of an upper half that feeds the sink's chain: of what its vertices had `before` they send `into_chain`
/// into the vertex `sink` below, and keep `rest` to pour within the capacities of `beside`. In all `arrived` below
/// and `left` stays.
struct FedLayer {
    const PackedNetwork& network;
    std::size_t layer;
    std::size_t sink;
    const Panel<Amount>& beside;
    const Row<Amount>& before;
    const Row<Amount>& into_chain;
    const Row<Amount>& rest;
    Amount arrived;
    Amount left;
};
/// `beside` is the layer's matrix without the sink's column, whose capacities hold what goes into the chain; what
/// each vertex had is what it sends there and what it has to pour; nothing is lost and nothing gained.
void check_fed(const FedLayer& fed);

/// Capacities hold, and every balance is what its vertex receives minus what it sends. Pours layers that nobody
/// has asked for yet.
void check_balances(Pseudoflow& flow);
/// check_balances(), and what leaves the source minus all excess is `value`.
void check_lower_bound(Pseudoflow& flow, Amount value);
/// sum_x min(mass[x], demand[x]) over `width` vertices is `value`.
void check_meeting(const Amount* mass, const Amount* demand, std::size_t width, Amount value);
/// Below its layer k there is no excess, and from there its vertices send `outflow`.
void check_lower_half(Pseudoflow& flow, const Row<Amount>& outflow);
/// Above its layer k there is no deficit, and there its vertices receive `inflow`.
void check_upper_half(Pseudoflow& flow, const Row<Amount>& inflow);

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
