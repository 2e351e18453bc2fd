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

/// Cells (example, grid point) done so far, those of an interrupted run included. Where a model is asked, scores
/// are half of a cell and its values the other. Called from any worker but never by two at once.
using Progress = std::function<void(std::size_t done, std::size_t total, std::size_t failures)>;

struct RunnerOptions {
    std::size_t jobs = 1;  ///< threads; results do not depend on it
    Shard shard = {};
    Progress progress = {};
    /// What is to be known of the input, a sentence each, before anything is computed.
    std::function<void(const std::string&)> note = {};
    /// When it becomes true, workers finish their step and return.
    const std::atomic<bool>* stop = nullptr;
};

/// Checks every example and describes the run. Throws InputError when one is bad: not
/// attention, a reference that is missing, a layer or source that does not exist, a source `cls` or `last` that is
/// padding. Tells `note` how the dataset was read, and of padding that was left in.
RunRecord make_record(const Config& config, const Dataset& dataset, std::size_t jobs,
                      const std::function<void(const std::string&)>& note = {});
ComparisonNames comparison_names(const Config& config);

/// Does what the store has not got yet of the shard. A cell that throws is recorded as a failure and the
/// rest goes on. False when it was stopped.
bool execute(RunStore& store, const Config& config, const Dataset& dataset, const RunnerOptions& options);

/// Whether the store has a value of every model metric of `config`.
bool has_model_values(const RunStore& store, const Config& config);

/// Compares the scores of a finished run as `config` says, without computing any. Values of model metrics are kept
/// where the store has all of them, else the model is asked for all; throws InputError where it cannot be.
void compare_again(RunStore& store, const Config& config, std::size_t jobs);

}  // namespace attnflow
