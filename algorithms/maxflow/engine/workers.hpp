#pragma once
/// What all phases of the engine share: scratch memory of each worker, parallel loops that count waves, and the
/// caller's wish to be told of progress.

#include <functional>
#include <memory>
#include <mutex>

#include "algorithms/maxflow/engine/accelerators/chain_sweep.hpp"
#include "algorithms/maxflow/engine/accelerators/feeding.hpp"
#include "algorithms/maxflow/engine/exact/waves.hpp"
#include "algorithms/maxflow/flow_matrix.hpp"
#include "graph/support/parallel.hpp"

namespace attnflow::engine {

/// What one worker needs, made when it is first asked for. Keeps a reference.
class Scratch {
public:
    explicit Scratch(const PackedNetwork& network) : network_(network), demand_(network.widest()) {}

    Demand& demand() { return demand_; }
    Pseudoflow& pseudoflow() { return made(pseudoflow_, network_); }
    /// On that pseudoflow.
    Waves& waves() { return made(waves_, pseudoflow()); }
    ChainSweep& chain_sweep() { return made(chain_sweep_, network_); }
    /// For flows from layer `top`, onto lower halves from layer `k`. Made anew for another of the three.
    Feeding& feeding(std::size_t top, std::size_t k, Detail detail) {
        if (feeding_ != nullptr && !feeding_->is_for(top, k, detail)) feeding_.reset();
        return made(feeding_, pseudoflow(), top, k, detail);
    }

    /// Of all its waves.
    WaveCounters counters() const { return waves_ == nullptr ? WaveCounters{} : waves_->counters(); }

private:
    template <class Object, class... Arguments>
    static Object& made(std::unique_ptr<Object>& object, Arguments&&... arguments) {
        if (object == nullptr) object = std::make_unique<Object>(std::forward<Arguments>(arguments)...);
        return *object;
    }

    const PackedNetwork& network_;
    Demand demand_;
    std::unique_ptr<Pseudoflow> pseudoflow_;
    std::unique_ptr<Waves> waves_;
    std::unique_ptr<ChainSweep> chain_sweep_;
    std::unique_ptr<Feeding> feeding_;
};

class Workers {
public:
    using Progress = std::function<void(std::size_t done, std::size_t total)>;

    /// Keeps a reference. `progress` as in FlowOptions.
    Workers(const PackedNetwork& network, std::size_t jobs, Progress progress)
        : sinks_(network.width(0)), progress_(std::move(progress)) {
        for (std::size_t worker = 0; worker < std::max<std::size_t>(1, jobs); ++worker) {
            scratch_.emplace_back(network);
        }
    }

    std::size_t jobs() const { return scratch_.size(); }
    /// Of the first worker, for what is not done in parallel.
    Scratch& scratch() { return scratch_[0]; }

    /// Calls work(i, scratch) for all i < count, in parallel. Progress is told of each, with no sink done: whoever
    /// wants to cancel gets a chance.
    template <class Work>
    void for_each(std::size_t count, const Work& work) {
        parallel_for(count, jobs(), [&](std::size_t i, std::size_t worker) {
            work(i, scratch_[worker]);
            report(0);
        });
    }

    /// As for_each, and adds the waves.
    template <class Work>
    void for_each(std::size_t count, FlowCounters& counters, const Work& work) {
        count_waves(count, counters, [&](std::size_t i, Scratch& scratch) {
            work(i, scratch);
            report(0);
        });
    }

    /// Calls settle(t, scratch), the last work on sink t, for all sinks, in parallel; progress is told how many
    /// are done. Adds the waves.
    template <class Settle>
    void finish_sinks(FlowCounters& counters, const Settle& settle) {
        std::size_t done = 0;
        count_waves(sinks_, counters, [&](std::size_t t, Scratch& scratch) {
            settle(t, scratch);
            report(done, 1);
        });
    }
    /// There is nothing left to do for any sink.
    void finish_sinks() { report(sinks_); }

private:
    void report(std::size_t done) { report(done, 0); }
    void report(std::size_t& done, std::size_t more) {
        if (!progress_) return;
        const std::lock_guard lock(mutex_);
        done += more;
        progress_(done, sinks_);
    }

    template <class Work>
    void count_waves(std::size_t count, FlowCounters& counters, const Work& work) {
        std::vector<WaveCounters> spent(count);
        parallel_for(count, jobs(), [&](std::size_t i, std::size_t worker) {
            const WaveCounters before = scratch_[worker].counters();
            work(i, scratch_[worker]);
            spent[i] = scratch_[worker].counters() - before;
        });
        for (const WaveCounters& c : spent) counters.add(c.waves, c.edges_scanned);
    }

    std::size_t sinks_;
    Progress progress_;
    std::mutex mutex_;              // of progress_
    std::vector<Scratch> scratch_;  // by worker
};

}  // namespace attnflow::engine
