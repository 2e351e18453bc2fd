#include "algorithms/maxflow/flow_engine.hpp"

#include <numeric>
#include <optional>

#include "algorithms/maxflow/engine/all_pairs.hpp"
#include "algorithms/maxflow/engine/certificates/cut_names.hpp"
#include "algorithms/maxflow/engine/single_pair.hpp"

namespace attnflow {

using namespace engine;

class FlowEngine::Impl {
public:
    Impl(const FixedNetwork& network, FlowOptions options)
        : network_(network),
          switches_(options.without),
          packed_(network, 0, network.layers()),
          workers_(packed_, options.jobs, std::move(options.progress)) {}

    FlowMatrix flows(std::size_t layer, std::span<const std::size_t> sources) {
        check(layer, sources);
        const std::size_t sinks = packed_.width(0);
        FlowMatrix result{.layer = layer, .sources = {sources.begin(), sources.end()}};
        result.values = RowMajor<std::int64_t>(sources.size(), sinks);
        result.cuts = RowMajor<BindingCut>(sources.size(), sinks);
        result.settled_by = RowMajor<SettledBy>(sources.size(), sinks, SettledBy::edge);
        if (layer == 1) {
            settle_by_edges(packed_, result);
        } else if (packed_.causal()) {
            settle_causal(packed_, workers_, switches_, result);
        } else {
            AllPairs(packed_, workers_, switches_, from_sinks(), result).settle();
        }
        for (const SettledBy by : result.settled_by.values()) {
            ++result.counters.settled[static_cast<std::size_t>(by)];
        }
        if (!bounds_name_cuts(packed_, layer)) name_cuts(network_, packed_, workers_.jobs(), result);
        return result;
    }

    PairFlow flow(std::size_t layer, std::size_t source, std::size_t sink) {
        const SettledPair pair = checked(single_pair(layer, source, sink).solve(source, sink));
        const BindingCut cut = bounds_name_cuts(packed_, layer)
                                   ? pair.cut()
                                   : CutClassifier(network_, layer).classify(source, sink, pair.value);
        return {pair.value, cut, pair.by};
    }

    std::vector<Vertex> source_side(std::size_t layer, std::size_t source, std::size_t sink) {
        const SourceSide found = single_pair(layer, source, sink).source_side(source, sink);
        std::vector<Vertex> side;
        std::vector<char> inside(network_.vertices(), 0);
        for (const auto& [l, position] : found.vertices) {
            side.push_back(network_.vertex(l, position));
            inside[side.back()] = 1;
        }
        std::int64_t capacity = 0;
        for (const auto& [l, position] : found.vertices) {
            for (std::size_t y = 0; l > 0 && y < network_.width(l - 1); ++y) {
                if (inside[network_.vertex(l - 1, y)]) continue;
                capacity = add_capacities(capacity, network_.capacity(l, position, y));
            }
        }
        if (capacity != found.value || !inside[network_.vertex(layer, source)] ||
            inside[network_.vertex(0, sink)]) {
            throw InternalError(
                fmt::format("flow engine: from layer {}, position {} to token {} {} flows, through a cut of {}",
                            layer, source, sink, found.value, capacity));
        }
        return side;
    }

    const FixedNetwork& network() const { return network_; }

private:
    void check(std::size_t layer, std::span<const std::size_t> sources) const {
        if (layer < 1 || layer > network_.layers()) {
            throw ParameterError(
                fmt::format("flow engine: there is no source layer {}, the network has layers 1 to {}", layer,
                            network_.layers()));
        }
        for (const std::size_t s : sources) {
            if (s < network_.width(layer)) continue;
            throw ParameterError(
                fmt::format("flow engine: there is no position {} in layer {}, it has {} positions", s, layer,
                            network_.width(layer)));
        }
    }

    SinglePair& single_pair(std::size_t layer, std::size_t source, std::size_t sink) {
        check(layer, {&source, 1});
        if (sink >= network_.width(0)) {
            throw ParameterError(
                fmt::format("flow engine: there is no input position {}, there are {}", sink, network_.width(0)));
        }
        if (!single_pair_ || single_pair_->top() != layer) {
            single_pair_.emplace(packed_, workers_.scratch(), layer, switches_);
        }
        return *single_pair_;
    }

    Sweeps& from_sinks() {
        if (!from_sinks_) {
            std::vector<std::size_t> sinks(packed_.width(0));
            std::iota(sinks.begin(), sinks.end(), std::size_t{0});
            from_sinks_.emplace(packed_, Direction::up, packed_.layers(), std::move(sinks));
        }
        return *from_sinks_;
    }

    const FixedNetwork& network_;
    Switches switches_;
    PackedNetwork packed_;
    Workers workers_;
    std::optional<Sweeps> from_sinks_;       // of all sinks, for all layers; made when first asked for
    std::optional<SinglePair> single_pair_;  // of the layer last asked for
};

FlowEngine::FlowEngine(const FixedNetwork& network, FlowOptions options)
    : impl_(std::make_unique<Impl>(network, std::move(options))) {}

FlowEngine::~FlowEngine() = default;
FlowEngine::FlowEngine(FlowEngine&&) noexcept = default;
FlowEngine& FlowEngine::operator=(FlowEngine&&) noexcept = default;

FlowMatrix FlowEngine::flows(std::size_t layer, std::span<const std::size_t> sources) {
    return impl_->flows(layer, sources);
}

PairFlow FlowEngine::flow(std::size_t layer, std::size_t source, std::size_t sink) {
    return impl_->flow(layer, source, sink);
}

FlowMatrix FlowEngine::all_pairs(std::size_t layer) {
    const FixedNetwork& network = impl_->network();
    std::vector<std::size_t> sources(layer <= network.layers() ? network.width(layer) : 0);
    std::iota(sources.begin(), sources.end(), std::size_t{0});
    return flows(layer, sources);
}

std::vector<FlowMatrix> FlowEngine::all_layers() {
    std::vector<FlowMatrix> result(impl_->network().layers());
    // The highest layer first: its upward sweeps serve all others.
    for (std::size_t l = result.size(); l >= 1; --l) result[l - 1] = all_pairs(l);
    return result;
}

std::vector<Vertex> FlowEngine::source_side(std::size_t layer, std::size_t source, std::size_t sink) {
    return impl_->source_side(layer, source, sink);
}

std::span<const EnginePhase> FlowEngine::phases() {
    static const std::vector<EnginePhase> list = [] {
        std::vector<EnginePhase> all;
        for (const Phase* phase : phase_list()) all.push_back({phase->name, phase->why});
        return all;
    }();
    return list;
}

}  // namespace attnflow
