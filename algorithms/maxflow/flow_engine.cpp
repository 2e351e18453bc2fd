#include "algorithms/maxflow/flow_engine.hpp"

#include <numeric>
#include <optional>

#include "algorithms/maxflow/engine/all_pairs.hpp"
#include "algorithms/maxflow/engine/cut_names.hpp"
#include "algorithms/maxflow/engine/single_pair.hpp"

namespace attnflow {

using namespace engine;

class FlowEngine::Kernel {
public:
    virtual ~Kernel() = default;
    virtual FlowMatrix flows(std::size_t layer, std::span<const std::size_t> sources) = 0;
    virtual PairFlow flow(std::size_t layer, std::size_t source, std::size_t sink) = 0;
    virtual std::vector<Vertex> source_side(std::size_t layer, std::size_t source, std::size_t sink) = 0;
    virtual const FixedNetwork& network() const = 0;
    virtual int bits() const = 0;
};

template <class T>
class FlowEngine::KernelOf final : public FlowEngine::Kernel {
public:
    KernelOf(const FixedNetwork& network, FlowOptions options)
        : network_(network),
          packed_(network, 0, network.layers()),
          workers_(packed_, options.jobs, std::move(options.progress)),
          from_sinks_(packed_) {}

    FlowMatrix flows(std::size_t layer, std::span<const std::size_t> sources) override {
        const std::size_t sinks = packed_.width(0);
        FlowMatrix result{.layer = layer, .sources = {sources.begin(), sources.end()}};
        result.values = RowMajor<std::int64_t>(sources.size(), sinks);
        result.cuts = RowMajor<BindingCut>(sources.size(), sinks);
        result.settled_by = RowMajor<SettledBy>(sources.size(), sinks, SettledBy::edge);
        if (layer == 1) {
            settle_by_edges(packed_, result);
        } else if (packed_.causal()) {
            settle_causal(packed_, workers_, result);
        } else {
            AllPairs<T>(packed_, workers_, from_sinks_, result).settle();
        }
        for (const SettledBy by : result.settled_by.values()) {
            ++result.counters.settled[static_cast<std::size_t>(by)];
        }
        if (!bounds_name_cuts(packed_, layer)) name_cuts(network_, packed_, workers_.jobs(), result);
        return result;
    }

    PairFlow flow(std::size_t layer, std::size_t source, std::size_t sink) override {
        const SettledPair pair = checked(single_pair(layer).solve(source, sink));
        const BindingCut cut = bounds_name_cuts(packed_, layer)
                                   ? pair.cut()
                                   : CutClassifier(network_, layer).classify(source, sink, pair.value);
        return {pair.value, cut, pair.by};
    }

    std::vector<Vertex> source_side(std::size_t layer, std::size_t source, std::size_t sink) override {
        std::vector<Vertex> side;
        for (const auto& [l, position] : single_pair(layer).source_side(source, sink)) {
            side.push_back(network_.vertex(l, position));
        }
        return side;
    }

    const FixedNetwork& network() const override { return network_; }
    int bits() const override { return 8 * sizeof(T); }

private:
    SinglePair<T>& single_pair(std::size_t layer) {
        if (!single_pair_ || single_pair_->top() != layer)
            single_pair_.emplace(packed_, workers_.scratch(), layer);
        return *single_pair_;
    }

    const FixedNetwork& network_;
    PackedNetwork<T> packed_;
    Workers<T> workers_;
    SinkSweeps<T> from_sinks_;
    std::optional<SinglePair<T>> single_pair_;  // of the layer last asked for
};

FlowEngine::FlowEngine(const FixedNetwork& network, FlowOptions options) {
    if (PackedNetwork<std::int32_t>::fits(network, 0, network.layers())) {
        kernel_ = std::make_unique<KernelOf<std::int32_t>>(network, std::move(options));
    } else {
        kernel_ = std::make_unique<KernelOf<std::int64_t>>(network, std::move(options));
    }
}

FlowEngine::~FlowEngine() = default;
FlowEngine::FlowEngine(FlowEngine&&) noexcept = default;
FlowEngine& FlowEngine::operator=(FlowEngine&&) noexcept = default;

void FlowEngine::check(std::size_t layer, std::span<const std::size_t> sources) const {
    const FixedNetwork& network = kernel_->network();
    if (layer < 1 || layer > network.layers()) {
        throw ParameterError(fmt::format(
            "flow engine: there is no source layer {}, the network has layers 1 to {}", layer, network.layers()));
    }
    for (const std::size_t s : sources) {
        if (s < network.width(layer)) continue;
        throw ParameterError(fmt::format("flow engine: there is no position {} in layer {}, it has {} positions",
                                         s, layer, network.width(layer)));
    }
}

FlowMatrix FlowEngine::flows(std::size_t layer, std::span<const std::size_t> sources) {
    check(layer, sources);
    return kernel_->flows(layer, sources);
}

void FlowEngine::check_pair(std::size_t layer, std::size_t source, std::size_t sink) const {
    check(layer, {&source, 1});
    if (sink < kernel_->network().width(0)) return;
    throw ParameterError(fmt::format("flow engine: there is no input position {}, there are {}", sink,
                                     kernel_->network().width(0)));
}

PairFlow FlowEngine::flow(std::size_t layer, std::size_t source, std::size_t sink) {
    check_pair(layer, source, sink);
    return kernel_->flow(layer, source, sink);
}

FlowMatrix FlowEngine::all_pairs(std::size_t layer) {
    const FixedNetwork& network = kernel_->network();
    std::vector<std::size_t> sources(layer <= network.layers() ? network.width(layer) : 0);
    std::iota(sources.begin(), sources.end(), std::size_t{0});
    return flows(layer, sources);
}

std::vector<FlowMatrix> FlowEngine::all_layers() {
    std::vector<FlowMatrix> result(kernel_->network().layers());
    // The highest layer first: its backward sweeps serve all others.
    for (std::size_t l = result.size(); l >= 1; --l) result[l - 1] = all_pairs(l);
    return result;
}

std::vector<Vertex> FlowEngine::source_side(std::size_t layer, std::size_t source, std::size_t sink) {
    check_pair(layer, source, sink);
    return kernel_->source_side(layer, source, sink);
}

int FlowEngine::kernel_bits() const { return kernel_->bits(); }

}  // namespace attnflow
