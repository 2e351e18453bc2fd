#include "algorithms/maxflow/flow_engine.hpp"

#include <mutex>
#include <numeric>

#include "algorithms/maxflow/engine/closed_cuts.hpp"
#include "algorithms/maxflow/engine/kernels.hpp"
#include "algorithms/maxflow/engine/waves.hpp"
#include "graph/support/parallel.hpp"

namespace attnflow {

using namespace engine;

const char* to_string(SettledBy by) {
    constexpr const char* names[] = {"edge", "closed_cut", "crossing", "waves"};
    return names[static_cast<std::size_t>(by)];
}

void FlowCounters::add(const FlowCounters& other) {
    for (std::size_t k = 0; k < std::size(settled); ++k) settled[k] += other.settled[k];
    waves += other.waves;
    edges_scanned += other.edges_scanned;
}

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
        : network_(network), options_(std::move(options)), packed_(network, 0, network.layers()) {}

    FlowMatrix flows(std::size_t layer, std::span<const std::size_t> sources) override {
        FlowMatrix result{.layer = layer, .sources = {sources.begin(), sources.end()}};
        result.values = RowMajor<std::int64_t>(sources.size(), packed_.width(0));
        result.cuts = RowMajor<BindingCut>(sources.size(), packed_.width(0));
        result.settled_by = RowMajor<SettledBy>(sources.size(), packed_.width(0), SettledBy::edge);
        sweep_sinks(layer);
        const Sweeps<T> from_sources = sweep_sources(layer, sources);
        settle_pairs(from_sources, result);
        if (!packed_.full()) name_cuts(result);
        return result;
    }

    std::vector<Vertex> source_side(std::size_t layer, std::size_t source, std::size_t sink) override {
        std::vector<Vertex> side;
        if (layer == 1) {
            for (std::size_t j = 0; j < packed_.width(0); ++j) {
                if (j != sink && packed_.down(1)(source, j) > 0) side.push_back(network_.vertex(0, j));
            }
            side.push_back(network_.vertex(1, source));
            return side;
        }
        flow(layer, source, sink);
        for (const auto& [l, position] : single_->pseudoflow.source_side()) {
            side.push_back(network_.vertex(l, position));
        }
        return side;
    }

    PairFlow flow(std::size_t layer, std::size_t source, std::size_t sink) override {
        if (layer == 1) {
            return name_cut(layer, source, sink, packed_.down(1)(source, sink),
                            ClosedCuts<T>(packed_, 1).lanes(source, sink), SettledBy::edge);
        }
        if (single_ == nullptr || single_->layer != layer) single_ = std::make_unique<Single>(packed_, layer);
        Single& one = *single_;
        const std::size_t k = (layer + 1) / 2;
        sweep_forward(packed_, layer, source, k, one.from_source, 0);
        sweep_backward(packed_, sink, k, one.from_sink, 0);
        one.pseudoflow.join(layer, source, one.from_source, 0, sink, one.from_sink, 0, k);
        Bound bound = one.cuts.lanes(source, sink);
        SettledBy by = SettledBy::closed_cut;
        std::int64_t value = one.pseudoflow.lower_bound();
        if (value < bound.value) {
            bound = one.cuts.crossings(source, sink, bound);
            if (bound.cut.kind == CutKind::crossing) by = SettledBy::crossing;
        }
        if (value < bound.value) {
            value = one.pseudoflow.maximise(bound.value);
            by = SettledBy::waves;
        }
        return name_cut(layer, source, sink, value, bound, by);
    }

    const FixedNetwork& network() const override { return network_; }
    int bits() const override { return 8 * sizeof(T); }

private:
    struct Meeting {
        std::int64_t bound = -1;
        std::size_t k = 1;
    };

    /// Scratch of flow().
    struct Single {
        Single(const PackedNetwork<T>& packed, std::size_t source_layer)
            : layer(source_layer),
              cuts(packed, layer),
              from_source(packed, layer, 1),
              from_sink(packed, layer, 1),
              pseudoflow(packed) {}

        std::size_t layer;
        ClosedCuts<T> cuts;
        Sweeps<T> from_source;
        Sweeps<T> from_sink;
        Pseudoflow<T> pseudoflow;
    };

    PairFlow name_cut(std::size_t layer, std::size_t source, std::size_t sink, std::int64_t value,
                      const Bound& bound, SettledBy by) const {
        if (!packed_.full()) return {value, CutClassifier(network_, layer).classify(source, sink, value), by};
        return {value, value == bound.value ? bound.cut : BindingCut{}, by};
    }

    void sweep_sinks(std::size_t layer) {
        if (layer <= swept_) return;
        from_sinks_ = Sweeps<T>(packed_, layer, packed_.width(0));
        parallel_for(packed_.width(0), options_.jobs,
                     [&](std::size_t t, std::size_t) { sweep_backward(packed_, t, layer - 1, from_sinks_, t); });
        swept_ = layer;
    }

    Sweeps<T> sweep_sources(std::size_t layer, std::span<const std::size_t> sources) const {
        Sweeps<T> sweeps(packed_, layer, sources.size());
        if (layer == 1) return sweeps;
        parallel_for(sources.size(), options_.jobs,
                     [&](std::size_t s, std::size_t) { sweep_forward(packed_, layer, sources[s], 1, sweeps, s); });
        return sweeps;
    }

    /// The best lower bound of the sweeps over all meeting layers; the first that reaches `enough`.
    Meeting best_meeting(const Sweeps<T>& from_sources, std::size_t s, std::size_t t, std::size_t layer,
                         std::int64_t enough = std::numeric_limits<std::int64_t>::max()) const {
        Meeting best;
        const std::size_t middle = layer / 2;
        for (std::size_t step = 0; step < layer - 1; ++step) {
            // middle, middle + 1, middle - 1, middle + 2, ...
            const std::size_t k = step % 2 == 0 ? middle - step / 2 : middle + (step + 1) / 2;
            const std::int64_t bound =
                min_sum(from_sources.mass(k, s), from_sinks_.mass(k, t), Panel<T>::padded(packed_.width(k)));
            if (bound > best.bound) best = {bound, k};
            if (bound >= enough) break;
        }
        return best;
    }

    void settle_pairs(const Sweeps<T>& from_sources, FlowMatrix& result) {
        const std::size_t sinks = packed_.width(0);
        const ClosedCuts<T> cuts(packed_, result.layer);
        std::vector<std::unique_ptr<Pseudoflow<T>>> scratch(std::max<std::size_t>(1, options_.jobs));
        std::vector<FlowCounters> counters(sinks);
        std::mutex mutex;
        std::size_t done = 0;
        parallel_for(sinks, options_.jobs, [&](std::size_t t, std::size_t worker) {
            if (scratch[worker] == nullptr) scratch[worker] = std::make_unique<Pseudoflow<T>>(packed_);
            for (std::size_t s = 0; s < result.sources.size(); ++s) {
                settle(from_sources, cuts, s, t, *scratch[worker], counters[t], result);
            }
            if (!options_.progress) return;
            const std::lock_guard lock(mutex);
            options_.progress(++done, sinks);
        });
        for (const FlowCounters& c : counters) result.counters.add(c);
    }

    void settle(const Sweeps<T>& from_sources, const ClosedCuts<T>& cuts, std::size_t s, std::size_t t,
                Pseudoflow<T>& pseudoflow, FlowCounters& counters, FlowMatrix& result) const {
        const std::size_t source = result.sources[s];
        Bound bound = cuts.lanes(source, t);
        std::int64_t value = 0;
        SettledBy by = SettledBy::edge;
        if (result.layer == 1) {
            value = packed_.down(1)(source, t);
        } else {
            const Meeting meeting = best_meeting(from_sources, s, t, result.layer, bound.value);
            value = meeting.bound;
            by = SettledBy::closed_cut;
            if (value < bound.value) {
                bound = cuts.crossings(source, t, bound);
                if (bound.cut.kind == CutKind::crossing) by = SettledBy::crossing;
            }
            if (value < bound.value) {
                const WaveCounters before = pseudoflow.counters();
                pseudoflow.join(result.layer, source, from_sources, s, t, from_sinks_, t, meeting.k);
                value = pseudoflow.maximise(bound.value);
                counters.waves += pseudoflow.counters().waves - before.waves;
                counters.edges_scanned += pseudoflow.counters().edges_scanned - before.edges_scanned;
                by = SettledBy::waves;
            }
        }
        result.values(s, t) = value;
        result.cuts(s, t) = value == bound.value ? bound.cut : BindingCut{};
        result.settled_by(s, t) = by;
        ++counters.settled[static_cast<std::size_t>(by)];
    }

    // Where capacities are 0, the vocabulary's sums leave out what lies on no path.
    void name_cuts(FlowMatrix& result) const {
        std::vector<std::unique_ptr<CutClassifier>> classifiers(std::max<std::size_t>(1, options_.jobs));
        parallel_for(result.sources.size(), options_.jobs, [&](std::size_t s, std::size_t worker) {
            auto& classifier = classifiers[worker];
            if (classifier == nullptr) classifier = std::make_unique<CutClassifier>(network_, result.layer);
            for (std::size_t t = 0; t < packed_.width(0); ++t) {
                result.cuts(s, t) = classifier->classify(result.sources[s], t, result.values(s, t));
            }
        });
    }

    const FixedNetwork& network_;
    FlowOptions options_;
    PackedNetwork<T> packed_;
    std::unique_ptr<Single> single_;
    Sweeps<T> from_sinks_;
    std::size_t swept_ = 1;  // from_sinks_ serve sources up to this layer
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

PairFlow FlowEngine::flow(std::size_t layer, std::size_t source, std::size_t sink) {
    check(layer, {&source, 1});
    if (sink >= kernel_->network().width(0)) {
        throw ParameterError(fmt::format("flow engine: there is no input position {}, there are {}", sink,
                                         kernel_->network().width(0)));
    }
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
    return kernel_->source_side(layer, source, sink);
}

int FlowEngine::kernel_bits() const { return kernel_->bits(); }

}  // namespace attnflow
