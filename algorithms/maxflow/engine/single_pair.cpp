#include "algorithms/maxflow/engine/single_pair.hpp"

#include "algorithms/maxflow/engine/certificates/causal_cuts.hpp"
#include "algorithms/maxflow/engine/check.hpp"
#include "algorithms/maxflow/engine/exact/min_cut.hpp"
#include "graph/support/assert.hpp"

namespace attnflow::engine {
namespace {

/// What binds a pair whose causal range is empty.
constexpr Bound no_path{0, {CutKind::source_row, 0}};

SettledPair edge(const PackedNetwork& network, const ClosedCuts& cuts, std::size_t source, std::size_t sink) {
    return {network.down(1)(source, sink), cuts.end_cuts(source, sink), SettledBy::edge};
}

}  // namespace

const ClosedCuts& SinglePair::cuts() {
    if (!cuts_) cuts_.emplace(network_, top_);
    return *cuts_;
}

// The smallest closed-form cut, sought no further than a flow of `value` equals one.
Bound SinglePair::closed_cut(std::size_t source, std::size_t sink, Amount value) {
    Bound bound;
    if (network_.causal() && sink > source) {
        bound = no_path;
    } else if (network_.causal()) {
        bound = causal_cuts(network_, top_, source, sink);
    } else {
        bound = cuts().end_cuts(source, sink);
        if (value < bound.value) bound = cuts().crossings(source, sink, bound);
    }
    ATTNFLOW_CHECK(check_bound(network_, top_, source, sink, bound));
    return bound;
}

SettledPair SinglePair::solve(std::size_t source, std::size_t sink) {
    if (top_ == 1) return edge(network_, cuts(), source, sink);
    if (network_.causal() && sink > source) return {0, no_path, SettledBy::chains};
    if (by_chains_ && (network_.causal() || network_.has_chains())) return solve_by_chains(source, sink);
    return solve_by_sweeps(source, sink);
}

SettledPair SinglePair::solve_by_chains(std::size_t source, std::size_t sink) {
    ChainSweep& sweep = scratch_.chain_sweep();
    const Amount value = sweep.run(top_, source, sink);
    const Bound bound = closed_cut(source, sink, value);
    ATTNFLOW_CHECK(sweep.write(scratch_.pseudoflow()));
    ATTNFLOW_CHECK(check_lower_bound(scratch_.pseudoflow(), value));
    if (value == bound.value) return {value, bound, SettledBy::chains};
    sweep.write(scratch_.pseudoflow());
    return {scratch_.waves().maximise(bound.value), bound, SettledBy::waves};
}

SettledPair SinglePair::solve_by_sweeps(std::size_t source, std::size_t sink) {
    const std::size_t k = (top_ + 1) / 2;
    if (!from_source_) {
        from_source_.emplace(network_, Direction::down, top_, std::vector<std::size_t>(1));
        from_sink_.emplace(network_, Direction::up, top_, std::vector<std::size_t>(1));
    }
    from_source_->restart(0, source);
    from_sink_->restart(0, sink);
    from_source_->reach(0, k, Detail::multipliers, scratch_.demand());
    from_sink_->reach(0, k, Detail::multipliers, scratch_.demand());
    Pseudoflow& pseudoflow = scratch_.pseudoflow();
    pseudoflow.join(top_, {&*from_source_, 0}, {&*from_sink_, 0}, k);
    const Amount value = pseudoflow.lower_bound();
    const Bound bound = closed_cut(source, sink, value);
    ATTNFLOW_CHECK(check_lower_bound(pseudoflow, value));
    if (value == bound.value) return {value, bound, SettledBy::sweeps};
    return {scratch_.waves().maximise(bound.value), bound, SettledBy::waves};
}

SourceSide SinglePair::source_side(std::size_t source, std::size_t sink) {
    if (top_ == 1) {
        SourceSide side{.value = network_.down(1)(source, sink)};
        for (std::size_t j = 0; j < network_.width(0); ++j) {
            if (j != sink && network_.down(1)(source, j) > 0) side.vertices.emplace_back(0, j);
        }
        side.vertices.emplace_back(1, source);
        return side;
    }
    if (by_chains_ && network_.causal() && source >= sink) {
        scratch_.chain_sweep().run(top_, source, sink);
        scratch_.chain_sweep().write(scratch_.pseudoflow());
    } else {
        solve_by_sweeps(source, sink);
    }
    const Amount value = scratch_.waves().maximise(unbounded);
    return {value, engine::source_side(scratch_.pseudoflow())};
}

void settle_by_edges(const PackedNetwork& network, FlowMatrix& result) {
    const ClosedCuts cuts(network, 1);
    for (std::size_t s = 0; s < result.sources.size(); ++s) {
        for (std::size_t t = 0; t < network.width(0); ++t) {
            write(edge(network, cuts, result.sources[s], t), s, t, result);
        }
    }
}

void settle_causal(const PackedNetwork& network, Workers& workers, const Switches& switches, FlowMatrix& result) {
    workers.finish_sinks(result.counters, [&](std::size_t t, Scratch& scratch) {
        SinglePair pair(network, scratch, result.layer, switches);
        for (std::size_t s = 0; s < result.sources.size(); ++s) {
            write(pair.solve(result.sources[s], t), s, t, result);
        }
    });
}

}  // namespace attnflow::engine
