#include "algorithms/maxflow/flow_engine.hpp"

#include <algorithm>
#include <mutex>
#include <numeric>

#include "algorithms/maxflow/engine/closed_cuts.hpp"
#include "algorithms/maxflow/engine/diversion.hpp"
#include "algorithms/maxflow/engine/found_cuts.hpp"
#include "algorithms/maxflow/engine/kernels.hpp"
#include "algorithms/maxflow/engine/waves.hpp"
#include "algorithms/maxflow/engine/window_cuts.hpp"
#include "graph/support/parallel.hpp"

namespace attnflow {

using namespace engine;

const char* to_string(SettledBy by) {
    constexpr const char* names[] = {"edge", "sweeps", "meeting", "lanes", "waves"};
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
          needs_(std::max<std::size_t>(1, options_.jobs), Needs<T>(packed_.widest())),
          scratch_(needs_.size()) {}

    FlowMatrix flows(std::size_t layer, std::span<const std::size_t> sources) override {
        FlowMatrix result{.layer = layer, .sources = {sources.begin(), sources.end()}};
        result.values = RowMajor<std::int64_t>(sources.size(), packed_.width(0));
        result.cuts = RowMajor<BindingCut>(sources.size(), packed_.width(0));
        result.settled_by = RowMajor<SettledBy>(sources.size(), packed_.width(0), SettledBy::edge);
        if (layer > 1 && packed_.causal()) {
            settle_causal(result);
            finish(result);
            return result;
        }
        const ClosedCuts<T> cuts(packed_, layer);
        if (layer == 1) {
            settle_by_edges(cuts, result);
        } else {
            Sweeps<T> from_sources(packed_, layer, sources.size());
            Open open = settle_by_sweeps(from_sources, cuts, result);
            if (open.pairs > 0) {
                settle_by_diversion(open, result);
                if (open.worth_halves()) settle_by_lower_halves(from_sources, open, result);
                const std::size_t k = shared_layer(from_sources, open, result);
                if (open.worth_halves()) settle_by_meeting(from_sources, cuts, k, open, result);
                settle_by_feeding(k, open, result);
            } else if (options_.progress) {
                options_.progress(packed_.width(0), packed_.width(0));
            }
        }
        finish(result);
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
        if (packed_.causal() && source >= sink) {
            scratch(0).lanes.run(layer, source, sink);
            scratch(0).pseudoflow.join(scratch(0).lanes);
        } else {
            solve_by_sweeps(single(layer), source, sink);
        }
        for (const auto& [l, position] : scratch(0).pseudoflow.source_side()) {
            side.push_back(network_.vertex(l, position));
        }
        return side;
    }

    PairFlow flow(std::size_t layer, std::size_t source, std::size_t sink) override {
        const Solved solved = solve(layer, source, sink);
        checked(solved.value, solved.bound);
        if (cuts_are_named(layer)) return {solved.value, solved.cut(), solved.by};
        return {solved.value, CutClassifier(network_, layer).classify(source, sink, solved.value), solved.by};
    }

    const FixedNetwork& network() const override { return network_; }
    int bits() const override { return 8 * sizeof(T); }

private:
    /// Of flow() and source_side().
    struct Single {
        Single(const PackedNetwork<T>& packed, std::size_t source_layer)
            : layer(source_layer),
              cuts(packed, layer),
              from_source(packed, layer, 1),
              from_sink(packed, layer, 1) {}

        std::size_t layer;
        ClosedCuts<T> cuts;
        Sweeps<T> from_source;
        Sweeps<T> from_sink;
    };
    Single& single(std::size_t layer) {
        if (single_ == nullptr || single_->layer != layer) single_ = std::make_unique<Single>(packed_, layer);
        return *single_;
    }

    /// What a worker needs to solve one pair after the other.
    struct Scratch {
        Scratch(const PackedNetwork<T>& packed, Needs<T>& its_needs)
            : needs(its_needs), pseudoflow(packed), lanes(packed) {}

        Needs<T>& needs;
        Pseudoflow<T> pseudoflow;
        LaneSweeps<T> lanes;
        std::unique_ptr<SinkRows<T>> rows;
        std::unique_ptr<Diversion<T>> diversion;
    };
    Scratch& scratch(std::size_t worker) {
        if (scratch_[worker] == nullptr) scratch_[worker] = std::make_unique<Scratch>(packed_, needs_[worker]);
        return *scratch_[worker];
    }

    struct Solved {
        std::int64_t value = 0;
        Bound bound;
        SettledBy by = SettledBy::waves;

        BindingCut cut() const { return value == bound.value ? bound.cut : BindingCut{}; }
    };

    Solved solve(std::size_t layer, std::size_t source, std::size_t sink) {
        if (layer == 1) {
            return {packed_.down(1)(source, sink), ClosedCuts<T>(packed_, 1).lanes(source, sink), SettledBy::edge};
        }
        if (packed_.causal()) return solve_causal(scratch(0), layer, source, sink);
        Single& one = single(layer);
        return packed_.has_lanes() ? solve_by_lanes(one.cuts, layer, source, sink)
                                   : solve_by_sweeps(one, source, sink);
    }

    Solved solve_by_sweeps(Single& one, std::size_t source, std::size_t sink) {
        const std::size_t k = (one.layer + 1) / 2;
        Pseudoflow<T>& pseudoflow = scratch(0).pseudoflow;
        sweep_forward(packed_, needs_[0], one.layer, source, k, one.from_source, 0, Detail::levels);
        sweep_backward(packed_, needs_[0], sink, k, one.from_sink, 0, Detail::levels);
        pseudoflow.join(one.layer, source, one.from_source, 0, sink, one.from_sink, 0, k);
        Bound bound = one.cuts.lanes(source, sink);
        const std::int64_t value = pseudoflow.lower_bound();
        if (value < bound.value) bound = one.cuts.crossings(source, sink, bound);
        if (value == bound.value) return {value, bound, SettledBy::sweeps};
        return {pseudoflow.maximise(bound.value), bound, SettledBy::waves};
    }

    Solved solve_by_lanes(const ClosedCuts<T>& cuts, std::size_t layer, std::size_t source, std::size_t sink) {
        const std::int64_t value = scratch(0).lanes.run(layer, source, sink);
        Bound bound = cuts.lanes(source, sink);
        if (value < bound.value) bound = cuts.crossings(source, sink, bound);
        return finish_by_waves(scratch(0), value, bound);
    }

    Solved solve_causal(Scratch& scratch, std::size_t layer, std::size_t source, std::size_t sink) {
        if (sink > source) return {0, {0, {CutKind::source_row, 0}}, SettledBy::lanes};
        const std::int64_t value = scratch.lanes.run(layer, source, sink);
        return finish_by_waves(scratch, value, window_cuts(packed_, layer, source, sink));
    }

    Solved finish_by_waves(Scratch& scratch, std::int64_t value, const Bound& bound) {
        if (value == bound.value) return {value, bound, SettledBy::lanes};
        scratch.pseudoflow.join(scratch.lanes);
        return {scratch.pseudoflow.maximise(bound.value), bound, SettledBy::waves};
    }

    /// The layer at which all sweeps meet. Sources need about four layers to mix; sinks whose
    /// lane must be fed high up need more.
    static std::size_t base_layer(std::size_t top) {
        constexpr std::size_t mixing = 5;
        return std::max((top + 1) / 2, top - std::min(top, mixing));
    }
    /// Half-flows serve as certificates: worth a few waves, not more.
    static constexpr std::size_t most_half_waves = 6;
    static constexpr std::size_t most_lower_waves = 30;
    static constexpr std::size_t pairs_per_end = 1;
    using Distribution = std::vector<T, AlignedAllocator<T>>;

    /// Pairs not settled yet, their upper bound and best lower bound.
    struct Open {
        std::size_t pairs = 0;
        RowMajor<char> is_open;
        RowMajor<Bound> bound;
        RowMajor<std::int64_t> lower;
        std::vector<char> sources;  // whether a source or a sink has open pairs
        std::vector<char> sinks;

        static std::size_t count(const std::vector<char>& flags) {
            return static_cast<std::size_t>(std::count(flags.begin(), flags.end(), 1));
        }
        /// A half-flow for every end that has open pairs costs about as much as feeding for
        /// `pairs_per_end` times as many pairs.
        bool worth_halves() const { return pairs > pairs_per_end * (count(sources) + count(sinks)); }
        std::size_t pairs_of(std::span<const std::size_t> some_sources) const {
            std::size_t count = 0;
            for (const std::size_t s : some_sources) {
                const auto row = is_open.row(s);
                count += static_cast<std::size_t>(std::count(row.begin(), row.end(), 1));
            }
            return count;
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

    Detail detail() const { return packed_.is_light() ? Detail::masses : Detail::levels; }

    /// Forward sweeps of all sources to layer `lowest`.
    void sweep_sources(const FlowMatrix& result, std::size_t lowest, Sweeps<T>& from_sources) {
        parallel_for(result.sources.size(), options_.jobs, [&](std::size_t s, std::size_t worker) {
            sweep_forward(packed_, needs_[worker], result.layer, result.sources[s], lowest, from_sources, s,
                          detail());
        });
    }

    /// Backward sweeps to layer `highest`, of all sinks or of those marked.
    void sweep_sinks(std::size_t highest, const std::vector<char>* marked = nullptr) {
        const std::size_t sinks = packed_.width(0);
        if (swept_.empty()) {
            from_sinks_ = Sweeps<T>(packed_, packed_.layers(), sinks);
            swept_.assign(sinks, 0);
        }
        parallel_for(sinks, options_.jobs, [&](std::size_t t, std::size_t worker) {
            if (swept_[t] >= highest || (marked != nullptr && !(*marked)[t])) return;
            sweep_backward(packed_, needs_[worker], t, highest, from_sinks_, t, detail(), swept_[t]);
            swept_[t] = highest;
        });
    }

    /// The sweep of source s down to layer `lowest` with all levels.
    void complete_source(Needs<T>& needs, const FlowMatrix& result, std::size_t s, std::size_t lowest,
                         Sweeps<T>& from_sources) const {
        if (from_sources.has_levels(s) && lowest >= base_layer(result.layer)) return;
        sweep_forward(packed_, needs, result.layer, result.sources[s], lowest, from_sources, s, Detail::levels);
    }

    /// The sweep of sink t up to layer `highest` with all levels.
    void complete_sink(Needs<T>& needs, std::size_t t, std::size_t highest) {
        const std::size_t from = from_sinks_.has_levels(t) ? swept_[t] : 0;
        if (from >= highest) return;
        sweep_backward(packed_, needs, t, highest, from_sinks_, t, Detail::levels, from);
        swept_[t] = highest;
    }

    /// `value`, which is known to flow. More than a cut lets through is a fault of the program.
    static std::int64_t checked(std::int64_t value, const Bound& bound) {
        if (value <= bound.value) return value;
        throw InternalError(fmt::format("flow engine: {} flows through a cut of {}", value, bound.value));
    }

    static void write(FlowMatrix& result, std::size_t s, std::size_t t, std::int64_t value, const Bound& bound,
                      SettledBy by) {
        result.values(s, t) = checked(value, bound);
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

    // All sweeps first meet at one layer; then those of sinks that have open pairs go on upwards.
    Open settle_by_sweeps(Sweeps<T>& from_sources, const ClosedCuts<T>& cuts, FlowMatrix& result) {
        const std::size_t sinks = packed_.width(0);
        const std::size_t top = result.layer;
        const std::size_t base = base_layer(top);
        sweep_sinks(base);
        sweep_sources(result, base, from_sources);
        Open open;
        open.is_open = RowMajor<char>(result.sources.size(), sinks, 1);
        open.bound = RowMajor<Bound>(result.sources.size(), sinks);
        open.lower = RowMajor<std::int64_t>(result.sources.size(), sinks, -1);
        parallel_for(result.sources.size(), options_.jobs, [&](std::size_t s, std::size_t) {
            const std::size_t source = result.sources[s];
            for (std::size_t t = 0; t < sinks; ++t) {
                open.bound(s, t) = cuts.lanes(source, t);
                compare(from_sources, base, s, t, open, result);
                if (!open.is_open(s, t)) continue;
                open.bound(s, t) = cuts.crossings(source, t, open.bound(s, t));
                compare(from_sources, base, s, t, open, result);
            }
        });
        open.recount();
        if (open.pairs == 0) return open;
        sweep_sinks(top - 1, &open.sinks);
        compare_all(from_sources, base + 1, top - 1, open, result);
        return open;
    }

    /// The sweeps' bound of one pair at layer k; settles the pair where it is the upper bound.
    void compare(const Sweeps<T>& from_sources, std::size_t k, std::size_t s, std::size_t t, Open& open,
                 FlowMatrix& result) const {
        const std::int64_t lower =
            min_sum(from_sources.mass(k, s), from_sinks_.mass(k, t), Panel<T>::padded(packed_.width(k)));
        open.lower(s, t) = std::max(open.lower(s, t), lower);
        if (open.lower(s, t) < open.bound(s, t).value) return;
        write(result, s, t, open.lower(s, t), open.bound(s, t), SettledBy::sweeps);
        open.is_open(s, t) = 0;
    }

    /// Notes that `value` flows; settles the pair where that is its upper bound.
    static void offer(std::int64_t value, std::size_t s, std::size_t t, Open& open, FlowMatrix& result) {
        open.lower(s, t) = std::max(open.lower(s, t), value);
        if (value < open.bound(s, t).value) return;
        write(result, s, t, value, open.bound(s, t), SettledBy::meeting);
        open.is_open(s, t) = 0;
    }

    void compare_all(const Sweeps<T>& from_sources, std::size_t lowest, std::size_t highest, Open& open,
                     FlowMatrix& result) const {
        parallel_for(result.sources.size(), options_.jobs, [&](std::size_t s, std::size_t) {
            for (std::size_t t = 0; t < packed_.width(0); ++t) {
                for (std::size_t k = lowest; k <= highest && open.is_open(s, t); ++k) {
                    compare(from_sources, k, s, t, open, result);
                }
            }
        });
        open.recount();
    }

    std::int64_t largest_supply(const Open& open, const FlowMatrix& result) const {
        std::int64_t largest = 0;
        for (std::size_t s = 0; s < result.sources.size(); ++s) {
            if (open.sources[s]) largest = std::max(largest, packed_.row_sum(result.layer, result.sources[s]));
        }
        return largest;
    }

    /// A distribution on layer k for all half-flows to share: the guide in integers.
    Distribution common_distribution(std::size_t k, std::int64_t total) const {
        Distribution common(Panel<T>::padded(packed_.width(k)), T(0));
        std::int64_t rest = total;
        for (std::size_t x = 0; x < packed_.width(k); ++x) {
            common[x] =
                static_cast<T>(static_cast<Real<T>>(total) * static_cast<Real<T>>(0.99999) * packed_.guide(k)[x]);
            rest -= common[x];
        }
        *std::max_element(common.begin(), common.end()) += static_cast<T>(rest);
        return common;
    }

    /// The layer at which half-flows meet: as high as sources can spread their mass, three layers
    /// below them, in deep networks four if the first three open sources say so.
    std::size_t shared_layer(Sweeps<T>& from_sources, const Open& open, const FlowMatrix& result) {
        const std::size_t top = result.layer;
        const std::size_t k = top > 3 ? top - 3 : 1;
        constexpr std::size_t deep = 8;
        if (top < deep) return k;
        std::size_t tried = 0;
        std::size_t failed = 0;
        for (std::size_t s = 0; s < result.sources.size() && tried < 3; ++s) {
            if (!open.sources[s]) continue;
            ++tried;
            const std::int64_t total = packed_.row_sum(top, result.sources[s]);
            const Distribution common = common_distribution(k, total);
            Pseudoflow<T>& pseudoflow = scratch(0).pseudoflow;
            complete_source(needs_[0], result, s, k, from_sources);
            pseudoflow.join_upper(top, result.sources[s], from_sources, s, k, common.data());
            pseudoflow.run(0, most_half_waves);
            const T* const balance = pseudoflow.balance(k);
            failed += std::any_of(balance, balance + packed_.width(k), [](T b) { return b < 0; });
        }
        return 2 * failed > tried ? k - 1 : k;
    }

    /// Calls settle(s, scratch) for the open sources; only for the first few where that settles less than one in
    /// `least` of their pairs.
    template <class Settle>
    void for_open_sources(const Open& open, FlowMatrix& result, std::size_t least, const Settle& settle) {
        std::vector<std::size_t> sources;
        for (std::size_t s = 0; s < result.sources.size(); ++s) {
            if (open.sources[s]) sources.push_back(s);
        }
        const std::span<const std::size_t> all(sources);
        const auto first = all.first(std::min<std::size_t>(8, all.size()));
        const auto rest = all.subspan(first.size());
        const std::size_t before = open.pairs_of(first);
        for_each_counted(first.size(), result,
                         [&](std::size_t i, Scratch& scratch) { settle(first[i], scratch); });
        if (least * (before - open.pairs_of(first)) < before) return;
        for_each_counted(rest.size(), result, [&](std::size_t i, Scratch& scratch) { settle(rest[i], scratch); });
    }

    // For every open source its sweep once more, for each open sink with what can enter its lane diverted there.
    void settle_by_diversion(Open& open, FlowMatrix& result) {
        constexpr std::size_t enough = 3;  // pairs, for the flow of a source to be worth making
        // In fewer than four layers the demand of a sink has not mixed.
        if (result.layer < 4 || open.pairs < enough * Open::count(open.sources)) return;
        for_open_sources(open, result, 8, [&](std::size_t s, Scratch& scratch) {
            if (scratch.diversion == nullptr || scratch.diversion->top() != result.layer) {
                scratch.diversion = std::make_unique<Diversion<T>>(packed_, result.layer);
            }
            scratch.diversion->enter(result.sources[s]);
            for (std::size_t t = 0; t < packed_.width(0); ++t) {
                if (!open.is_open(s, t)) continue;
                offer(scratch.diversion->bound(t, from_sinks_.mass(result.layer - 2, t)), s, t, open, result);
            }
        });
        open.recount();
    }

    // For every open sink a lower half that takes what the sweeps of all its open sources bring to the layer
    // where they meet.
    void settle_by_lower_halves(const Sweeps<T>& from_sources, Open& open, FlowMatrix& result) {
        constexpr std::size_t mixing = 3;  // layers, for sources to bring about the same
        const std::size_t k = base_layer(result.layer);
        if (result.layer < k + mixing) return;
        for_each_counted(packed_.width(0), result, [&](std::size_t t, Scratch& scratch) {
            if (open.sinks[t]) settle_by_lower_half(from_sources, k, t, scratch, open, result);
        });
        open.recount();
    }

    // Where the flow is all that the sources have, the lower half takes the most that any of them brings to
    // each vertex, else the least.
    void settle_by_lower_half(const Sweeps<T>& from_sources, std::size_t k, std::size_t t, Scratch& scratch,
                              Open& open, FlowMatrix& result) {
        Distribution most(Panel<T>::padded(packed_.width(k)), T(0));
        Distribution least(most.size(), std::numeric_limits<T>::max());
        std::int64_t wanted = 0;
        std::int64_t supply = 0;
        for (std::size_t s = 0; s < result.sources.size(); ++s) {
            if (!open.is_open(s, t)) continue;
            const T* const mass = from_sources.mass(k, s);
            for (std::size_t x = 0; x < most.size(); ++x) {
                most[x] = std::max(most[x], mass[x]);
                least[x] = std::min(least[x], mass[x]);
            }
            wanted = std::max(wanted, open.bound(s, t).value);
            supply = std::max(supply, packed_.row_sum(result.layer, result.sources[s]));
        }
        const Distribution& offered = wanted == supply ? most : least;
        const std::int64_t total = std::accumulate(offered.begin(), offered.end(), std::int64_t{0});
        Pseudoflow<T>& pseudoflow = scratch.pseudoflow;
        complete_sink(scratch.needs, t, k);
        pseudoflow.join_lower(t, from_sinks_, t, k, offered.data());
        pseudoflow.run(wanted == supply ? 0 : std::max<std::int64_t>(0, total - wanted), most_lower_waves);
        pseudoflow.return_excess();
        Distribution accepted(offered.size(), T(0));
        for (std::size_t x = 0; x < packed_.width(k); ++x) accepted[x] = offered[x] - pseudoflow.balance(k)[x];
        for (std::size_t s = 0; s < result.sources.size(); ++s) {
            if (!open.is_open(s, t)) continue;
            offer(min_sum(from_sources.mass(k, s), accepted.data(), accepted.size()), s, t, open, result);
        }
    }

    // For every open source the half-flow to a common distribution, for every open sink the
    // half-flow from it: what they deliver and accept at layer k is a meeting certificate for each
    // pair of them. Where the first few sources show that it settles little, the others are left out.
    void settle_by_meeting(Sweeps<T>& from_sources, const ClosedCuts<T>& cuts, std::size_t k, Open& open,
                           FlowMatrix& result) {
        const std::size_t layer = result.layer;
        const std::int64_t total = largest_supply(open, result);
        const auto common = common_distribution(k, total);
        Panel<T> accepted(packed_.width(0), packed_.width(k));
        for_each_counted(packed_.width(0), result, [&](std::size_t t, Scratch& scratch) {
            if (!open.sinks[t]) return;
            Pseudoflow<T>& pseudoflow = scratch.pseudoflow;
            complete_sink(scratch.needs, t, k);
            pseudoflow.join_lower(t, from_sinks_, t, k, common.data());
            pseudoflow.run(std::max<std::int64_t>(0, total - cuts.sink_bound(t)), most_half_waves);
            pseudoflow.return_excess();
            for (std::size_t x = 0; x < packed_.width(k); ++x) {
                accepted(t, x) = common[x] - pseudoflow.balance(k)[x];
            }
        });
        const auto settle = [&](std::size_t s, Scratch& scratch) {
            Pseudoflow<T>& pseudoflow = scratch.pseudoflow;
            const std::size_t source = result.sources[s];
            complete_source(scratch.needs, result, s, k, from_sources);
            pseudoflow.join_upper(layer, source, from_sources, s, k, common.data());
            pseudoflow.run(std::max<std::int64_t>(0, packed_.row_sum(layer, source) - cuts.source_bound(source)),
                           most_half_waves);
            Distribution delivered(common.size(), T(0));
            for (std::size_t x = 0; x < packed_.width(k); ++x) delivered[x] = common[x] + pseudoflow.balance(k)[x];
            for (std::size_t t = 0; t < packed_.width(0); ++t) {
                if (open.is_open(s, t)) {
                    offer(min_sum(delivered.data(), accepted.row(t), delivered.size()), s, t, open, result);
                }
            }
        };
        for_open_sources(open, result, 4, settle);
        open.recount();
    }

    // In few layers, where sweeps that know one end only have no room to mix, a pair's own lane sweep
    // may still reach the bound; in deep ones it rarely does. With many tokens feeding settles
    // as many pairs in less time. True when the sink has no open pair left.
    bool settle_by_lanes(std::size_t t, Scratch& scratch, Open& open, FlowMatrix& result) const {
        constexpr std::size_t few = 3;
        constexpr std::size_t many_tokens = 64;
        if (!packed_.has_lanes() || result.layer > few || packed_.width(0) > many_tokens) return false;
        bool all = true;
        for (std::size_t s = 0; s < result.sources.size(); ++s) {
            if (!open.is_open(s, t)) continue;
            const Bound& bound = open.bound(s, t);
            const std::int64_t value = scratch.lanes.run(result.layer, result.sources[s], t);
            all = all && value == bound.value;
            if (value < bound.value) continue;
            write(result, s, t, value, bound, SettledBy::lanes);
            open.is_open(s, t) = 0;
        }
        return all;
    }

    // Sink by sink: a lower half that takes what it can from the guide and the rest from its lane,
    // then for every open source an upper half made for it, and waves where that is not
    // enough. What waves change in the lower half serves the sources that follow.
    void settle_by_feeding(std::size_t k, Open& open, FlowMatrix& result) {
        const std::size_t top = result.layer;
        const std::int64_t total = largest_supply(open, result);
        const auto common = common_distribution(k, total);
        finish_sinks(result, [&](std::size_t t, Scratch& scratch) {
            if (!open.sinks[t] || settle_by_lanes(t, scratch, open, result)) return;
            if (scratch.rows == nullptr || scratch.rows->top() != top || scratch.rows->lowest() != k) {
                scratch.rows = std::make_unique<SinkRows<T>>(packed_, k, top);
            }
            scratch.rows->enter(t);
            Pseudoflow<T>& pseudoflow = scratch.pseudoflow;
            std::int64_t wanted = 0;
            for (std::size_t s = 0; s < result.sources.size(); ++s) {
                if (open.is_open(s, t)) wanted = std::max(wanted, open.bound(s, t).value);
            }
            make_lower_half(scratch, t, k, common, total, std::min(total, wanted));
            FoundCuts<T> cuts(packed_, top);
            constexpr std::size_t patience = 4;
            std::size_t tried = 0;
            std::size_t enough_masses = 0;
            for (std::size_t s = 0; s < result.sources.size(); ++s) {
                if (!open.is_open(s, t)) continue;
                const std::size_t source = result.sources[s];
                Bound bound = open.bound(s, t);
                const FoundCut<T>* const cut = cuts.lower(source, bound);
                if (open.lower(s, t) >= bound.value) {
                    write(result, s, t, open.lower(s, t), bound, SettledBy::sweeps);
                    continue;
                }
                // The cheap way first, as long as it is enough for every other source.
                std::int64_t value = -1;
                if (cut == nullptr && 2 * enough_masses + patience > tried) {
                    ++tried;
                    value = pseudoflow.feed(top, source, *scratch.rows, Detail::masses, nullptr);
                    enough_masses += value >= bound.value;
                }
                if (value < bound.value) value = pseudoflow.feed(top, source, *scratch.rows, Detail::levels, cut);
                const bool enough = value >= bound.value;
                if (!enough) value = pseudoflow.maximise(bound.value);
                write(result, s, t, value, bound, enough ? SettledBy::meeting : SettledBy::waves);
                if (value < bound.value) {
                    cuts.add(source, value, k,
                             [&](std::size_t l, std::size_t x) { return pseudoflow.beyond_cut(l, x); });
                }
            }
        });
    }

    // Every pair has a window of its own, so there is nothing for pairs to share.
    void settle_causal(FlowMatrix& result) {
        finish_sinks(result, [&](std::size_t t, Scratch& scratch) {
            for (std::size_t s = 0; s < result.sources.size(); ++s) {
                const Solved solved = solve_causal(scratch, result.layer, result.sources[s], t);
                write(result, s, t, solved.value, solved.bound, solved.by);
            }
        });
    }

    /// Calls work(i, scratch) for all i < count, in parallel, and counts its waves.
    template <class Work>
    void for_each_counted(std::size_t count, FlowMatrix& result, const Work& work) {
        std::vector<WaveCounters> counters(count);
        parallel_for(count, options_.jobs, [&](std::size_t i, std::size_t worker) {
            const WaveCounters before = scratch(worker).pseudoflow.counters();
            work(i, scratch(worker));
            counters[i] = scratch(worker).pseudoflow.counters() - before;
        });
        for (const WaveCounters& c : counters) result.counters.add(c.waves, c.edges_scanned);
    }

    /// Calls settle(t, scratch) for every sink, in parallel; says how many are done.
    template <class Settle>
    void finish_sinks(FlowMatrix& result, const Settle& settle) {
        const std::size_t sinks = packed_.width(0);
        std::mutex mutex;
        std::size_t done = 0;
        for_each_counted(sinks, result, [&](std::size_t t, Scratch& scratch) {
            settle(t, scratch);
            if (!options_.progress) return;
            const std::lock_guard lock(mutex);
            options_.progress(++done, sinks);
        });
    }

    // `wanted` in all, as much of it as possible from the guide's distribution on layer k.
    void make_lower_half(Scratch& scratch, std::size_t t, std::size_t k, const Distribution& common,
                         std::int64_t total, std::int64_t wanted) {
        Pseudoflow<T>& pseudoflow = scratch.pseudoflow;
        complete_sink(scratch.needs, t, k);
        pseudoflow.join_lower(t, from_sinks_, t, k, common.data());
        if (k == 1) return;
        const auto excess = [&] {
            std::int64_t sum = 0;
            for (std::size_t x = 0; x < packed_.width(k); ++x) sum += std::max<T>(0, pseudoflow.balance(k)[x]);
            return sum;
        };
        pseudoflow.run(total - wanted, most_lower_waves);
        pseudoflow.return_excess();
        const std::int64_t left = excess();
        const std::int64_t missing = wanted - (total - left);
        if (missing <= 0 || t >= packed_.width(k)) return;
        pseudoflow.add_supply(t, static_cast<T>(missing));
        pseudoflow.run(left, most_lower_waves);
        pseudoflow.return_excess();
    }

    /// Whether bounds have the vocabulary's own sums: no vertex on no path but those outside a window.
    bool cuts_are_named(std::size_t layer) const {
        return packed_.full() || (layer > 1 && packed_.full_below_mask());
    }

    void finish(FlowMatrix& result) const {
        for (const SettledBy by : result.settled_by.values())
            ++result.counters.settled[static_cast<std::size_t>(by)];
        if (!cuts_are_named(result.layer)) name_cuts(result);
    }

    // Where capacities are 0, the vocabulary's sums leave out what lies on no path: a restricted
    // sum may equal the flow where the whole one does not. Not so for a source's row whose
    // vertices all reach the sink. Then a flow that equals a whole row, or else a whole
    // column, is bound by it in either reading.
    void name_cuts(FlowMatrix& result) const {
        const bool whole_rows = sees_all_sinks(result.layer - 1);
        std::vector<std::unique_ptr<CutClassifier>> classifiers(std::max<std::size_t>(1, options_.jobs));
        parallel_for(result.sources.size(), options_.jobs, [&](std::size_t s, std::size_t worker) {
            auto& classifier = classifiers[worker];
            if (classifier == nullptr) classifier = std::make_unique<CutClassifier>(network_, result.layer);
            for (std::size_t t = 0; t < packed_.width(0); ++t) {
                const CutKind kind = result.cuts(s, t).kind;
                if (whole_rows && (kind == CutKind::source_row || kind == CutKind::sink_column)) continue;
                result.cuts(s, t) = classifier->classify(result.sources[s], t, result.values(s, t));
            }
        });
    }

    /// Whether every vertex of layer l has a path to every sink.  O(L n^3 / 64), mostly far less.
    bool sees_all_sinks(std::size_t l) const {
        using Sinks = std::vector<std::uint64_t>;  // a bit for each
        const std::size_t sinks = packed_.width(0);
        const Sinks none((sinks + 63) / 64, 0);
        Sinks all = none;
        std::vector<Sinks> below(sinks, none);
        for (std::size_t t = 0; t < sinks; ++t) {
            const std::uint64_t bit = std::uint64_t{1} << (t % 64);
            below[t][t / 64] = bit;
            all[t / 64] |= bit;
        }
        for (std::size_t m = 1; m <= l; ++m) {
            std::vector<Sinks> seen(packed_.width(m), none);
            for (std::size_t i = 0; i < seen.size(); ++i) {
                for (std::size_t j = 0; j < below.size() && seen[i] != all; ++j) {
                    if (packed_.down(m)(i, j) == 0) continue;
                    for (std::size_t w = 0; w < all.size(); ++w) seen[i][w] |= below[j][w];
                }
            }
            below = std::move(seen);
        }
        return std::all_of(below.begin(), below.end(), [&](const Sinks& seen) { return seen == all; });
    }

    const FixedNetwork& network_;
    FlowOptions options_;
    PackedNetwork<T> packed_;
    std::unique_ptr<Single> single_;
    Sweeps<T> from_sinks_;
    std::vector<std::size_t> swept_;                 // by sink: the layer that its sweep reached
    std::vector<Needs<T>> needs_;                    // by worker
    std::vector<std::unique_ptr<Scratch>> scratch_;  // likewise
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
