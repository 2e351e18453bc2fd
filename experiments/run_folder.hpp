#pragma once
/// A run in its folder:
///
///   run.sqlite        the run itself (store/run_store.hpp); everything below is made from it
///   config.toml       the resolved config
///   environment.json  program, compiler, instruction set, checksum of the input; for a run on sentences the
///                     model, the sentences, their checksums, and what was extracted
///   results.csv, summary.csv, summary.md, ...  tables
///   run.lock          held by the process that writes
///
/// The tables are the same bytes for any number of threads and interruptions.

#include <atomic>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "experiments/findings/findings.hpp"
#include "experiments/run/runner.hpp"
#include "experiments/store/run_store.hpp"
#include "experiments/study/config.hpp"

namespace attnflow {

enum class Existing { refuse, resume, overwrite };

struct FolderOptions {
    std::filesystem::path folder;
    Existing existing = Existing::refuse;
    RunnerOptions runner;
};

/// A run as it was stored: all that `evaluate`, `report`, `show` and tables need.
struct RunFolder {
    std::filesystem::path folder;
    Config config;
    Results result;
    /// Examples with tokens and reference scores, dataset, environment; and, by
    /// store->attribution(example, store->plan().attribution_of[point]), every matrix of scores.
    std::shared_ptr<RunStore> store;
    std::size_t done = 0;   ///< examples, failed cells included
    std::size_t total = 0;  ///< examples of the whole run; the store of a shard of texts has its own
    bool finished = false;  ///< all of them
    /// Whether tables in the folder are older than the results, or missing: the process that stored them was
    /// killed before it wrote any. The next command that writes here makes them.
    bool tables_due = false;
    std::vector<std::string> tables = {};  ///< names of those just written
    std::string summary = {};              ///< summary.md, when it was just written
    std::string headline = {};             ///< and what it says on one screen

    const RunRecord& record() const { return store->record(); }
    /// Means, tests and saturation: O(resamples x values) and all stored flows. The same for every `jobs`
    /// (threads).
    Findings findings(std::size_t jobs) const;
};

/// Reads a run, finished or not, without changing it. Throws InputError for a folder without
/// one, a store that is damaged or of another version.
RunFolder open_run(const std::filesystem::path& folder, bool with_attributions = false);

/// Throws what run_in_folder() throws of the folder alone: a run that is there already, files of others, a place
/// that cannot be written. Changes nothing.
void check_run_folder(const FolderOptions& options);

/// Throws InputError where a file `name` in `folder` would take the place of the store of a run, or of a table of
/// one that is there.
void refuse_run_file(const std::filesystem::path& folder, const std::string& name);

/// Runs `config` in a folder and writes the tables. Without Existing::resume the folder must
/// not exist or be empty; with it, what is stored there is kept when input and program are the same and the config
/// asks for the same or for more (methods, axis values, examples, references, metrics; other statistics), and only
/// what is new is computed: the tables are those of one run of the larger config. What contradicts is an
/// InputError that shows the differences. Existing::overwrite removes an earlier run. Two processes in one folder:
/// the second is refused. `finished` is false when runner.stop ended it early or examples belong to another shard;
/// then no table is written. Throws InputError, with the scores of this call forgotten, when the dataset (or model
/// and sentences) changed meanwhile, and where the folder is gone.
RunFolder run_in_folder(const Config& config, const Dataset& dataset, const FolderOptions& options);

/// Joins runs of shards in a new folder (options.existing: refuse or overwrite; options.runner.jobs): what any of
/// them has finished, and the tables when that is every example. Throws InputError, with the differences, unless
/// config, dataset (by content), program and instruction set are the same: numbers of different machines are not
/// mixed. An example that several have is taken where no cell of it failed. Metrics are computed again from the
/// scores, which carry checksums. Killed at any moment, it can be repeated; an older run is there until the new
/// one is whole.
RunFolder merge_runs(const std::vector<std::filesystem::path>& parts, const FolderOptions& options);

/// Compares the stored scores of a finished run again, with `overrides` of evaluation.* keys,
/// and writes the tables. Values of model metrics are kept; where one is asked for that the run did not have, all
/// are made anew by its model. Throws ParameterError for other keys, InputError where the model is needed and is
/// gone or another one.
RunFolder evaluate_run(const std::filesystem::path& folder, const Settings& overrides, std::size_t jobs);

/// "" or why the file system of `folder` does not suit a run: SQLite's write-ahead log needs
/// memory that all processes share, which network file systems do not offer.
std::string file_system_warning(const std::filesystem::path& folder);

}  // namespace attnflow
