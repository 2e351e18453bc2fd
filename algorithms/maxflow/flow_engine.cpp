#include "algorithms/maxflow/flow_engine.hpp"

#include <algorithm>
#include <mutex>
#include <numeric>

#include "algorithms/maxflow/engine/closed_cuts.hpp"
#include "algorithms/maxflow/engine/kernels.hpp"
#include "algorithms/maxflow/engine/waves.hpp"
#include "graph/support/parallel.hpp"

namespace attnflow {

using namespace engine;

const char* to_string(SettledBy by) {
    constexpr const char* names[] = {"edge", "sweeps", "meeting", "waves"};
    return names[static_cast<std::size_t>(by)];
}

void FlowCounters::add(std::size_t more_waves, std::size_t more_edges_scanned) {
    waves += more_waves;
    edges_scanned += more_edges_scanned;
}

void FlowCounters::add(const FlowCounters& other) {
    for (std::size_t k = 0; k < std::size(settled); ++k) settled[k] += other.settled[k];
    add(other.waves, other.edges_scanned);
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
        : network_(network),
          options_(std::move(options)),
          packed_(network, 0, network.layers()),
          scratch_(std::max<std::size_t>(1, options_.jobs)) {}

    FlowMatrix flows(std::size_t layer, std::span<const std::size_t> sources) override {
        FlowMatrix result{.layer = layer, .sources = {sources.begin(), sources.end()}};
        result.values = RowMajor<std::int64_t>(sources.size(), packed_.width(0));
        result.cuts = RowMajor<BindingCut>(sources.size(), packed_.width(0));
        result.settled_by = RowMajor<SettledBy>(sources.size(), packed_.width(0), SettledBy::edge);
        const ClosedCuts<T> cuts(packed_, layer);
        if (layer == 1) {
            settle_by_edges(cuts, result);
        } else {
            sweep_sinks(meeting_layers(layer).highest);
            const Sweeps<T> from_sources = sweep_sources(layer, sources);
            Open open = settle_by_sweeps(from_sources, cuts, result);
            if (open.pairs > open.count(open.sources) + open.count(open.sinks)) {
                settle_by_meeting(from_sources, cuts, open, result);
            }
            settle_by_waves(from_sources, open, result);
        }
        for (const SettledBy by : result.settled_by.values())
            ++result.counters.settled[static_cast<std::size_t>(by)];
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
        SettledBy by = SettledBy::sweeps;
        std::int64_t value = one.pseudoflow.lower_bound();
        if (value < bound.value) {
            bound = one.cuts.crossings(source, sink, bound);
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

    /// Layers at which sweeps from both ends are compared: all of them in shallow networks, where
    /// the best one differs from pair to pair; one in the middle of deep ones.
    struct MeetingLayers {
        std::size_t lowest;
        std::size_t highest;
        std::size_t middle;
    };
    static MeetingLayers meeting_layers(std::size_t layer) {
        constexpr std::size_t deep = 8;
        const std::size_t middle = (layer + 1) / 2;
        if (layer >= deep) return {middle, middle, middle};
        return {1, layer - 1, middle};
    }

    /// Half-flows serve as certificates: worth a few waves, not more.
    static constexpr std::size_t most_half_waves = 6;

    struct Meeting {
        std::int64_t bound = -1;
        std::size_t k = 1;
    };

    /// Pairs not settled yet: their upper bound and best meeting so far.
    struct Open {
        std::size_t pairs = 0;
        RowMajor<char> is_open;
        RowMajor<Bound> bound;
        RowMajor<std::uint32_t> k;
        std::vector<char> sources;  // whether a source or a sink has open pairs
        std::vector<char> sinks;

        static std::size_t count(const std::vector<char>& flags) {
            return static_cast<std::size_t>(std::count(flags.begin(), flags.end(), 1));
        }
        void recount() {
            pairs = 0;
            sources.assign(is_open.rows(), 0);
            sinks.assign(is_open.columns(), 0);
            for (std::size_t s = 0; s < is_open.rows(); ++s) {
                for (std::size_t t = 0; t < is_open.columns(); ++t) {
                    if (!is_open(s, t)) continue;
                    ++pairs;
                    sources[s] = sinks[t] = 1;
                }
            }
        }
    };

    void sweep_sinks(std::size_t highest) {
        if (highest <= swept_) return;
        from_sinks_ = Sweeps<T>(packed_, highest + 1, packed_.width(0));
        parallel_for(packed_.width(0), options_.jobs,
                     [&](std::size_t t, std::size_t) { sweep_backward(packed_, t, highest, from_sinks_, t); });
        swept_ = highest;
    }

    Sweeps<T> sweep_sources(std::size_t layer, std::span<const std::size_t> sources) const {
        Sweeps<T> sweeps(packed_, layer, sources.size());
        parallel_for(sources.size(), options_.jobs, [&](std::size_t s, std::size_t) {
            sweep_forward(packed_, layer, sources[s], meeting_layers(layer).lowest, sweeps, s);
        });
        return sweeps;
    }

    /// The best lower bound of the sweeps over all meeting layers; the first that reaches `enough`.
    Meeting best_meeting(const Sweeps<T>& from_sources, std::size_t s, std::size_t t, std::size_t layer,
                         std::int64_t enough) const {
        const MeetingLayers range = meeting_layers(layer);
        Meeting best;
        const auto consider = [&](std::size_t k) {
            if (best.bound >= enough) return;
            const std::int64_t bound =
                min_sum(from_sources.mass(k, s), from_sinks_.mass(k, t), Panel<T>::padded(packed_.width(k)));
            if (bound > best.bound) best = {bound, k};
        };
        consider(range.middle);
        for (std::size_t k = range.highest; k > range.middle; --k) consider(k);
        for (std::size_t k = range.lowest; k < range.middle; ++k) consider(k);
        return best;
    }

    Pseudoflow<T>& scratch(std::size_t worker) {
        if (scratch_[worker] == nullptr) scratch_[worker] = std::make_unique<Pseudoflow<T>>(packed_);
        return *scratch_[worker];
    }

    static void write(FlowMatrix& result, std::size_t s, std::size_t t, std::int64_t value, const Bound& bound,
                      SettledBy by) {
        result.values(s, t) = value;
        result.cuts(s, t) = value == bound.value ? bound.cut : BindingCut{};
        result.settled_by(s, t) = by;
    }

    void settle_by_edges(const ClosedCuts<T>& cuts, FlowMatrix& result) const {
        for (std::size_t s = 0; s < result.sources.size(); ++s) {
            for (std::size_t t = 0; t < packed_.width(0); ++t) {
                const std::size_t source = result.sources[s];
                write(result, s, t, packed_.down(1)(source, t), cuts.lanes(source, t), SettledBy::edge);
            }
        }
    }

    Open settle_by_sweeps(const Sweeps<T>& from_sources, const ClosedCuts<T>& cuts, FlowMatrix& result) const {
        const std::size_t sinks = packed_.width(0);
        Open open;
        open.is_open = RowMajor<char>(result.sources.size(), sinks, 0);
        open.bound = RowMajor<Bound>(result.sources.size(), sinks);
        open.k = RowMajor<std::uint32_t>(result.sources.size(), sinks);
        parallel_for(result.sources.size(), options_.jobs, [&](std::size_t s, std::size_t) {
            const std::size_t source = result.sources[s];
            for (std::size_t t = 0; t < sinks; ++t) {
                Bound bound = cuts.lanes(source, t);
                const Meeting meeting = best_meeting(from_sources, s, t, result.layer, bound.value);
                if (meeting.bound < bound.value) bound = cuts.crossings(source, t, bound);
                if (meeting.bound >= bound.value) {
                    write(result, s, t, meeting.bound, bound, SettledBy::sweeps);
                    continue;
                }
                open.is_open(s, t) = 1;
                open.bound(s, t) = bound;
                open.k(s, t) = static_cast<std::uint32_t>(meeting.k);
            }
        });
        open.recount();
        return open;
    }

    /// A distribution on layer k for all half-flows to share: the guide in integers.
    std::vector<T, AlignedAllocator<T>> common_distribution(std::size_t k, std::int64_t total) const {
        std::vector<T, AlignedAllocator<T>> common(Panel<T>::padded(packed_.width(k)), T(0));
        std::int64_t rest = total;
        for (std::size_t x = 0; x < packed_.width(k); ++x) {
            common[x] =
                static_cast<T>(static_cast<Real<T>>(total) * static_cast<Real<T>>(0.99999) * packed_.guide(k)[x]);
            rest -= common[x];
        }
        *std::max_element(common.begin(), common.end()) += static_cast<T>(rest);
        return common;
    }

    // For every open source the half-flow to a common distribution, for every open sink the
    // half-flow from it: what they deliver and accept at layer k is a meeting certificate for each
    // pair of them.
    void settle_by_meeting(const Sweeps<T>& from_sources, const ClosedCuts<T>& cuts, Open& open,
                           FlowMatrix& result) {
        const std::size_t layer = result.layer;
        const std::size_t k = meeting_layers(layer).middle;
        const std::int64_t total = packed_.row_sum(layer, result.sources[0]);
        if (total == 0) return;
        const auto common = common_distribution(k, total);
        Panel<T> delivered(result.sources.size(), packed_.width(k));
        Panel<T> accepted(packed_.width(0), packed_.width(k));
        std::vector<WaveCounters> counters(result.sources.size() + packed_.width(0));
        parallel_for(counters.size(), options_.jobs, [&](std::size_t i, std::size_t worker) {
            Pseudoflow<T>& pseudoflow = scratch(worker);
            const WaveCounters before = pseudoflow.counters();
            if (i < result.sources.size()) {
                if (!open.sources[i]) return;
                const std::size_t source = result.sources[i];
                pseudoflow.join_upper(layer, source, from_sources, i, k, common.data());
                pseudoflow.run(
                    std::max<std::int64_t>(0, packed_.row_sum(layer, source) - cuts.source_bound(source)),
                    most_half_waves);
                for (std::size_t x = 0; x < packed_.width(k); ++x) {
                    delivered(i, x) = common[x] + pseudoflow.balance(k)[x];
                }
            } else {
                const std::size_t t = i - result.sources.size();
                if (!open.sinks[t]) return;
                pseudoflow.join_lower(t, from_sinks_, t, k, common.data());
                pseudoflow.run(std::max<std::int64_t>(0, total - cuts.sink_bound(t)), most_half_waves);
                pseudoflow.return_excess();
                for (std::size_t x = 0; x < packed_.width(k); ++x) {
                    accepted(t, x) = common[x] - pseudoflow.balance(k)[x];
                }
            }
            counters[i] = pseudoflow.counters() - before;
        });
        for (const WaveCounters& c : counters) result.counters.add(c.waves, c.edges_scanned);
        parallel_for(result.sources.size(), options_.jobs, [&](std::size_t s, std::size_t) {
            for (std::size_t t = 0; t < packed_.width(0); ++t) {
                if (!open.is_open(s, t)) continue;
                const std::int64_t value = min_sum(delivered.row(s), accepted.row(t), delivered.stride());
                if (value < open.bound(s, t).value) continue;
                write(result, s, t, value, open.bound(s, t), SettledBy::meeting);
                open.is_open(s, t) = 0;
            }
        });
        open.recount();
    }

    void settle_by_waves(const Sweeps<T>& from_sources, const Open& open, FlowMatrix& result) {
        const std::size_t sinks = packed_.width(0);
        std::vector<WaveCounters> counters(sinks);
        std::mutex mutex;
        std::size_t done = 0;
        parallel_for(sinks, options_.jobs, [&](std::size_t t, std::size_t worker) {
            Pseudoflow<T>& pseudoflow = scratch(worker);
            const WaveCounters before = pseudoflow.counters();
            for (std::size_t s = 0; s < result.sources.size(); ++s) {
                if (!open.is_open(s, t)) continue;
                pseudoflow.join(result.layer, result.sources[s], from_sources, s, t, from_sinks_, t, open.k(s, t));
                write(result, s, t, pseudoflow.maximise(open.bound(s, t).value), open.bound(s, t),
                      SettledBy::waves);
            }
            counters[t] = pseudoflow.counters() - before;
            if (!options_.progress) return;
            const std::lock_guard lock(mutex);
            options_.progress(++done, sinks);
        });
        for (const WaveCounters& c : counters) result.counters.add(c.waves, c.edges_scanned);
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
    std::size_t swept_ = 0;                                // layer that from_sinks_ reach
    std::vector<std::unique_ptr<Pseudoflow<T>>> scratch_;  // by worker
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
