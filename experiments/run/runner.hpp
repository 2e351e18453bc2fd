#pragma once
/// The experiment runner: every grid point on every example, compared with every reference.
/// It knows no method by name.
///
/// Work goes over examples in parallel; in an example over the steps of the plan, so that
/// points which share a network or differ in the layer only share the work. Each step goes to
/// the store when it is done, so memory does not grow with the run.

#include <atomic>
#include <functional>

#include "experiments/store/run_record.hpp"
#include "experiments/study/shard.hpp"

namespace attnflow {

class Dataset;
class RunStore;
struct Config;

/// Cells (example, grid point) done so far, those of an interrupted run included. Called from
/// any worker but never by two at once.
using Progress = std::function<void(std::size_t done, std::size_t total, std::size_t failures)>;

struct RunnerOptions {
    std::size_t jobs = 1;  ///< threads; results do not depend on it
    Shard shard = {};
    Progress progress = {};
    /// When it becomes true, workers finish their step and return.
    const std::atomic<bool>* stop = nullptr;
};

/// Checks every example and describes the run. Throws InputError when one is bad: not
/// attention, a reference that is missing, a layer or source that does not exist.
RunRecord make_record(const Config& config, const Dataset& dataset, std::size_t jobs);
ComparisonNames comparison_names(const Config& config);

/// Does what the store has not got yet of the shard. A cell that throws is recorded as a failure and the
/// rest goes on. False when it was stopped.
bool execute(RunStore& store, const Config& config, const Dataset& dataset, const RunnerOptions& options);

/// Compares the scores of a finished run as `config` says, without computing any.
void compare_again(RunStore& store, const Config& config, std::size_t jobs);

}  // namespace attnflow
