#include "algorithms/maxflow/engine/single_pair.hpp"

#include "algorithms/maxflow/engine/window_cuts.hpp"

namespace attnflow::engine {

namespace {

template <class T>
SettledPair edge(const PackedNetwork<T>& network, const ClosedCuts<T>& cuts, std::size_t source,
                 std::size_t sink) {
    return {network.down(1)(source, sink), cuts.lanes(source, sink), SettledBy::edge};
}

/// A pair whose lane sweep was the last one, and has proven `value`.
template <class T>
SettledPair finish_lanes(Scratch<T>& scratch, std::int64_t value, const Bound& bound) {
    if (value == bound.value) return {value, bound, SettledBy::lanes};
    scratch.pseudoflow().join(scratch.lanes());
    return {scratch.pseudoflow().maximise(bound.value), bound, SettledBy::waves};
}

template <class T>
SettledPair solve_causal(const PackedNetwork<T>& network, Scratch<T>& scratch, std::size_t top, std::size_t source,
                         std::size_t sink) {
    if (sink > source) return {0, {0, {CutKind::source_row, 0}}, SettledBy::lanes};
    const std::int64_t value = scratch.lanes().run(top, source, sink);
    return finish_lanes(scratch, value, window_cuts(network, top, source, sink));
}

/// The smallest closed-form cut, sought no further than a flow of `value` equals one.
template <class T>
Bound closed_cut(const ClosedCuts<T>& cuts, std::size_t source, std::size_t sink, std::int64_t value) {
    const Bound bound = cuts.lanes(source, sink);
    return value < bound.value ? cuts.crossings(source, sink, bound) : bound;
}

}  // namespace

template <class T>
typename SinglePair<T>::Ends& SinglePair<T>::ends() {
    if (!ends_) ends_.emplace(Ends{{network_, top_}, {network_, top_, 1}, {network_, top_, 1}});
    return *ends_;
}

template <class T>
SettledPair SinglePair<T>::solve(std::size_t source, std::size_t sink) {
    if (top_ == 1) return edge(network_, ends().cuts, source, sink);
    if (network_.causal()) return solve_causal(network_, scratch_, top_, source, sink);
    if (!network_.has_lanes()) return solve_by_sweeps(source, sink);
    const std::int64_t value = scratch_.lanes().run(top_, source, sink);
    return finish_lanes(scratch_, value, closed_cut(ends().cuts, source, sink, value));
}

template <class T>
SettledPair SinglePair<T>::solve_by_sweeps(std::size_t source, std::size_t sink) {
    const std::size_t k = (top_ + 1) / 2;
    auto& [cuts, from_source, from_sink] = ends();
    sweep_forward(network_, scratch_.needs(), top_, source, k, from_source, 0, Detail::levels);
    sweep_backward(network_, scratch_.needs(), sink, k, from_sink, 0, Detail::levels);
    Pseudoflow<T>& pseudoflow = scratch_.pseudoflow();
    pseudoflow.join(top_, source, from_source, 0, sink, from_sink, 0, k);
    const std::int64_t value = pseudoflow.lower_bound();
    const Bound bound = closed_cut(cuts, source, sink, value);
    if (value == bound.value) return {value, bound, SettledBy::sweeps};
    return {pseudoflow.maximise(bound.value), bound, SettledBy::waves};
}

template <class T>
std::vector<std::pair<std::size_t, std::size_t>> SinglePair<T>::source_side(std::size_t source, std::size_t sink) {
    if (top_ == 1) {
        std::vector<std::pair<std::size_t, std::size_t>> side;
        for (std::size_t j = 0; j < network_.width(0); ++j) {
            if (j != sink && network_.down(1)(source, j) > 0) side.emplace_back(0, j);
        }
        side.emplace_back(1, source);
        return side;
    }
    if (network_.causal() && source >= sink) {
        scratch_.lanes().run(top_, source, sink);
        scratch_.pseudoflow().join(scratch_.lanes());
    } else {
        solve_by_sweeps(source, sink);
    }
    return scratch_.pseudoflow().source_side();
}

template <class T>
void settle_by_edges(const PackedNetwork<T>& network, FlowMatrix& result) {
    const ClosedCuts<T> cuts(network, 1);
    for (std::size_t s = 0; s < result.sources.size(); ++s) {
        for (std::size_t t = 0; t < network.width(0); ++t) {
            write(edge(network, cuts, result.sources[s], t), s, t, result);
        }
    }
}

template <class T>
void settle_causal(const PackedNetwork<T>& network, Workers<T>& workers, FlowMatrix& result) {
    workers.finish_sinks(result.counters, [&](std::size_t t, Scratch<T>& scratch) {
        for (std::size_t s = 0; s < result.sources.size(); ++s) {
            write(solve_causal(network, scratch, result.layer, result.sources[s], t), s, t, result);
        }
    });
}

#define ATTNFLOW_INSTANTIATE(T)                                          \
    template class SinglePair<T>;                                        \
    template void settle_by_edges(const PackedNetwork<T>&, FlowMatrix&); \
    template void settle_causal(const PackedNetwork<T>&, Workers<T>&, FlowMatrix&);
ATTNFLOW_INSTANTIATE(std::int32_t)
ATTNFLOW_INSTANTIATE(std::int64_t)
#undef ATTNFLOW_INSTANTIATE

}  // namespace attnflow::engine
