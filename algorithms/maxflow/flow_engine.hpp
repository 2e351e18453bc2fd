#pragma once
/// Exact max flows of many pairs of a layered network at once: a row, any set of sources, all
/// pairs, from one layer or from every layer to the input.
///
/// Idea: n downward and n upward water-filling sweeps (engine/certificates/sweeps.hpp) give every pair a
/// lower bound, closed-form cuts (engine/certificates/closed_cuts.hpp) an upper one; where the two are equal the
/// pair is settled without any flow of its own. What stays open goes through phases from cheap to expensive
/// (engine/accelerators/phases.hpp). The rest is solved exactly by waves (engine/exact/waves.hpp).
/// Under a causal mask every pair has a range of positions of its own and gets a sweep of its own
/// (engine/accelerators/chain_sweep.hpp), as do single pairs. Every value is proven: either its lower bound equals
/// an upper bound in integers, or the waves ended with a minimum cut.
///
/// Complexity for one layer and n sources: O(L n^3) for the sweeps, O(L n^2 + n^3) where most vertices are
/// unconstrained (docs/engine.md), at most O(L n) a pair for the bounds, O(n^2) a wave; waves only for pairs that
/// the bounds leave open. Causal: O(L n) to O(n^2) a pair before waves. Memory: O(L n^2) per worker plus O(n^2)
/// for the result, never O(pairs x edges). Results are the same, bit for bit, for any number of jobs.
///
/// docs/engine.md has the words and the proofs.

#include <functional>
#include <memory>
#include <string>

#include "algorithms/maxflow/flow_matrix.hpp"

namespace attnflow {

struct PairFlow {
    std::int64_t value = 0;
    BindingCut cut;
    SettledBy settled_by = SettledBy::edge;
};

struct FlowOptions {
    std::size_t jobs = 1;
    /// Called with the number of sinks done and their total, at least once for layers above the first,
    /// never by two threads at once; with 0 done after every sweep or other work that pairs share. To
    /// cancel, throw: the exception ends the computation and reaches the caller.
    std::function<void(std::size_t done, std::size_t total)> progress = {};
    /// Names of phases to leave out, for benchmarks and tests: values and cuts stay the same.
    std::vector<std::string> without = {};
};

/// A part of the engine that saves time, and can be left out.
struct EnginePhase {
    std::string name;
    std::string why;
};

class FlowEngine {
public:
    /// Packs the network, which must outlive the engine: O(slots). Throws ParameterError for a phase to leave out
    /// that there is not.
    explicit FlowEngine(const FixedNetwork& network, FlowOptions options = {});
    explicit FlowEngine(FixedNetwork&&, FlowOptions = {}) = delete;
    ~FlowEngine();
    FlowEngine(FlowEngine&&) noexcept;
    FlowEngine& operator=(FlowEngine&&) noexcept;

    /// From `sources` in layer `layer` (1..L) to all inputs. Throws ParameterError for a layer or
    /// a position that the network does not have.
    FlowMatrix flows(std::size_t layer, std::span<const std::size_t> sources);
    /// From every position of `layer`.
    FlowMatrix all_pairs(std::size_t layer);
    /// From every position of every layer 1..L (entry l - 1 is layer l); upward sweeps are shared.
    std::vector<FlowMatrix> all_layers();

    /// One pair.  O(L n) to O(n^2) for a chain sweep where there is a skip connection, else O(L n^2) for
    /// its two sweeps; O(L n^2) a wave.
    PairFlow flow(std::size_t layer, std::size_t source, std::size_t sink);

    /// Source side of the source-minimal minimum cut of one pair, ascending, as certify_max_flow
    /// names it. Solves the pair.
    std::vector<Vertex> source_side(std::size_t layer, std::size_t source, std::size_t sink);

    /// In the order in which they run.
    static std::span<const EnginePhase> phases();

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace attnflow
