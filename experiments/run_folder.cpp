#include "experiments/run_folder.hpp"

#include <algorithm>
#include <charconv>
#include <functional>
#include <set>
#include <string_view>
#include <system_error>

#include <sys/stat.h>
#include <sys/vfs.h>
#include <nlohmann/json.hpp>

#include "attention/dataset.hpp"
#include "experiments/inputs/text_cache.hpp"
#include "experiments/run/environment.hpp"
#include "experiments/study/config_keys.hpp"
#include "experiments/study/method_call.hpp"
#include "experiments/tables/headline.hpp"
#include "experiments/tables/result_tables.hpp"
#include "experiments/tables/summary_markdown.hpp"
#include "experiments/version.hpp"
#include "graph/support/files/output_file.hpp"

namespace attnflow {
namespace {

namespace fs = std::filesystem;

std::string shown(const fs::path& path) { return escape_controls(path.string()); }
fs::path store_file(const fs::path& folder) { return folder / "run.sqlite"; }

// What a run may leave in its folder besides tables, and what makes a folder one of ours.
const std::set<std::string> own_files{"run.sqlite",         "run.sqlite-wal", "run.sqlite-shm",
                                      "run.sqlite-journal", "run.lock",       "run.next",
                                      "run.next-wal",       "run.next-shm",   "run.next-journal"};

// What write_tables() and write_origin() may leave.
const std::set<std::string> own_tables{
    "config.toml",    "environment.json", "results.csv",      "summary.csv", "comparisons.csv", "summary.md",
    "saturation.csv", "run.json",         "attributions.csv", "pruning.csv", "failures.csv",    "diagnostics.csv"};

/// The folder of a run while a process writes there: locked, and the place of all that is written.
class WrittenFolder {
public:
    explicit WrittenFolder(const fs::path& path)
        : folder_(OutputFolder::make(path)),
          lock_(folder_, "run.lock", shown(path) + ": another attnflow process works in this folder") {
        // Of a process that was killed.
        sqlite::check_store_files(next(), sqlite::Purpose::read);
        remove_database("run.next");
    }

    const OutputFolder& folder() const { return folder_; }
    fs::path store() const { return store_file(folder_.path()); }
    void remove_database(const std::string& name) const {
        for (const char* ending : {"", "-wal", "-shm", "-journal"}) folder_.remove(name + ending);
    }
    /// Makes a store under another name until it is whole: the older one is there until then.
    void make_next(const RunRecord& record, const ComparisonNames& names,
                   const std::function<void(RunStore&)>& fill) const {
        try {
            const auto store = RunStore::create(next(), record, names);
            fill(*store);
            store->close();
        } catch (...) {
            remove_database("run.next");
            throw;
        }
    }
    /// Puts it in the place of the store that is there, which nobody may have open.
    void take_next() const {
        try {
            RunStore::recover(store().string());  // so that its log holds nothing when it goes
        } catch (const InputError&) {             // a damaged one is replaced as well
        }
        for (const char* ending : {"-wal", "-shm", "-journal"}) folder_.remove(std::string("run.sqlite") + ending);
        folder_.rename("run.next", "run.sqlite");
    }

private:
    std::string next() const { return (folder_.path() / "run.next").string(); }

    OutputFolder folder_;
    LockFile lock_;
};

/// Throws where a name of a run is taken by a link or something else that is no regular file. Somebody else may
/// have made the folder.
void check_lock(const fs::path& folder) {
    std::error_code none;
    const auto status = fs::symlink_status(folder / "run.lock", none);
    if (!fs::exists(status) || fs::is_regular_file(status)) return;
    throw InputError(fmt::format("{}: is a link or no regular file, expected the lock of a run; it was not opened",
                                 shown(folder / "run.lock")));
}

/// True when there is a run. A folder that is not there, or empty but for what a run leaves before
/// it begins, holds none; one with anything else is refused.
bool holds_run(const fs::path& folder) {
    std::error_code error;
    if (!fs::exists(folder, error)) return false;
    bool foreign = false;
    for (const auto& entry : fs::directory_iterator(folder, error)) {
        foreign = foreign || !own_files.contains(entry.path().filename().string());
    }
    if (error) throw InputError(fmt::format("{}: cannot be read: {}", shown(folder), error.message()));
    check_lock(folder);
    if (RunStore::exists(store_file(folder).string())) return true;
    if (!foreign) return false;
    throw InputError(fmt::format("{}: holds files but no run; choose another folder with --out", shown(folder)));
}

void refuse_used_folder(const FolderOptions& options) {
    if (!holds_run(options.folder) || options.existing != Existing::refuse) return;
    throw InputError(fmt::format(
        "{}: holds a run already; --resume finishes it, --overwrite starts anew, --out chooses another folder",
        shown(options.folder)));
}

/// A merge that was killed is no run yet, and made anew.
void refuse_used_folder_of_merge(const FolderOptions& options) {
    if (!holds_run(options.folder) || options.existing != Existing::refuse) return;
    if (RunStore::is_unfinished_merge(store_file(options.folder).string())) return;
    throw InputError(fmt::format("{}: holds a run already; --overwrite starts anew, --out chooses another folder",
                                 shown(options.folder)));
}

/// Settings that differ, as lines "  KEY: was A, is B"; "" when all are equal.
std::string differences(const std::map<std::string, std::string>& was,
                        const std::map<std::string, std::string>& is) {
    std::string out;
    std::set<std::string> keys;
    for (const auto& [key, value] : was) keys.insert(key);
    for (const auto& [key, value] : is) keys.insert(key);
    for (const std::string& key : keys) {
        const auto text = [&](const std::map<std::string, std::string>& side) {
            const auto found = side.find(key);
            return found == side.end() ? std::string("(default)") : escape_controls(found->second);
        };
        if (text(was) != text(is))
            out += fmt::format("\n  {}: was {}, is {}", escape_controls(key), text(was), text(is));
    }
    return out;
}

/// What makes two runs one: settings, and where and on what the numbers were made.
struct Identity {
    std::map<std::string, std::string> settings;
    std::map<std::string, std::string> environment;

    Identity(std::map<std::string, std::string> given, std::map<std::string, std::string> where)
        : settings(std::move(given)), environment(std::move(where)) {
        // Files may have moved; their checksums are part of the environment.
        for (const ConfigKey& key : config_keys()) {
            if (!key.path) continue;
            settings.erase(key.name);
            environment.erase(key.name);
        }
    }
    Identity(const RunRecord& record, const fs::path& folder)
        : Identity(config_from_toml(record.config_toml, record.name, "config.toml of " + shown(folder)).given,
                   record.environment) {}

    std::string differences_to(const Identity& other) const {
        return differences(settings, other.settings) + differences(environment, other.environment);
    }
};

/// Scores of one build and their comparison by another are not mixed.
void refuse_other_program(const RunRecord& record, const fs::path& folder) {
    const std::map<std::string, std::string> is = describe_program();
    std::map<std::string, std::string> was;
    for (const char* key : {"attnflow", "code", "compiler", "flags", "members", "members.program_sha256"}) {
        const auto found = record.environment.find(key);
        if (found != record.environment.end()) was.insert(*found);
    }
    const std::string different = differences(was, is);
    if (different.empty()) return;
    throw InputError(
        fmt::format("{}: its scores were made by another program:{}\nEvaluate with that one, or run the "
                    "config anew",
                    shown(folder), different));
}

/// What the environment says of files whose examples may become more.
constexpr std::string_view checksums_of_examples[] = {"dataset_sha256", "dataset.sentences_sha256"};

/// Whether a setting says how much is computed, or what is made of it, and not what a score is.
bool may_grow(const std::string& key, const RunRecord& stored) {
    constexpr std::string_view parameters = "parameters.";
    if (key.starts_with(parameters)) {  // of a method that the run has not got
        const std::string method = key.substr(parameters.size(), key.rfind('.') - parameters.size());
        return std::none_of(stored.points.begin(), stored.points.end(), [&](const GridPoint& point) {
            return method_entry(point.method).info.name == method;
        });
    }
    if (key == "statistics.seed") return false;  // it also draws which flows are solved a second time
    const auto below = [&](const char* table) { return key.starts_with(table); };
    return key == "methods" || key == "dataset.limit" || key == "dataset.row_sum_tolerance" || below("axes.") ||
           below("matrix[") || below("evaluation.") || below("statistics.") || below("output.") ||
           // What the environment says of these.
           key == "quantiser" || key == "dataset.examples" || key == "model.extracted" ||
           // Larger files, if the examples of before are in them: see other_examples().
           std::find(std::begin(checksums_of_examples), std::end(checksums_of_examples), key) !=
               std::end(checksums_of_examples);
}

/// Whether what both maps have is equal: references or weights may be there for one of two runs alone.
template <class Value>
bool agree(const std::map<std::string, Value>& a, const std::map<std::string, Value>& b) {
    return std::all_of(a.begin(), a.end(), [&](const auto& entry) {
        const auto found = b.find(entry.first);
        return found == b.end() || found->second == entry.second;
    });
}

/// What is wrong with the examples of a run in a dataset that has changed, as a line; "" where all are there as
/// they were, the new ones behind them.
std::string other_examples(const RunRecord& stored, const Dataset& dataset) {
    const auto line = [](const std::string& text) { return "\n  examples: " + text; };
    for (std::size_t i = 0; i < stored.examples.size(); ++i) {
        const ExampleRecord& before = stored.examples[i];
        if (i >= dataset.size())
            return line(fmt::format("were {} at least, are {}", stored.examples.size(), dataset.size()));
        if (dataset.ids()[i] != before.id) {
            const auto& ids = dataset.ids();
            const bool elsewhere = std::find(ids.begin(), ids.end(), before.id) != ids.end();
            return line(fmt::format(
                "{} stands where {} stood{}", excerpt(ids[i]), excerpt(before.id),
                elsewhere ? "; new examples go behind those that are there, in the order of metadata `examples`, "
                            "or of ids where there is none"
                          : ""));
        }
        if (!agree(dataset.checksums(i), before.checksums))
            return line(
                fmt::format("{} has another attention, or other edge weights, than it had", excerpt(before.id)));
    }
    return "";
}

std::string point_text(const GridPoint& point) {
    std::string text = point.method;
    for (const auto& [axis, value] : point.values) text += fmt::format(" {}={}", axis, to_text(value));
    return escape_controls(text);
}

/// What `asked` says otherwise than the run in the folder, as lines, or has less of; "" where it has more at most.
std::string differences_of_growth(const RunRecord& stored, const RunRecord& asked, const Identity& was,
                                  const Identity& is) {
    const bool in_words = was.environment.contains(words_key) && is.environment.contains(words_key);
    const auto fixed = [&](std::map<std::string, std::string> settings) {
        std::erase_if(settings, [&](const auto& setting) { return may_grow(setting.first, stored); });
        if (!in_words) settings.erase(words_key);  // the grid says whether it has them
        return settings;
    };
    std::string out = differences(fixed(was.settings), fixed(is.settings)) +
                      differences(fixed(was.environment), fixed(is.environment));
    std::set<std::string> points;
    for (std::size_t p = 0; p < asked.grid_size; ++p) points.insert(asked.points[p].key(AxisStage::comparing));
    for (std::size_t p = 0; p < stored.grid_size; ++p) {
        if (points.contains(stored.points[p].key(AxisStage::comparing))) continue;
        out += fmt::format("\n  the grid: has no {} any more, which was computed", point_text(stored.points[p]));
        break;
    }
    if (stored.special_tokens != asked.special_tokens) {
        out +=
            fmt::format("\n  special tokens: were {}, are {}", escape_controls(join(stored.special_tokens, " ")),
                        escape_controls(join(asked.special_tokens, " ")));
    }
    if (asked.examples.size() < stored.examples.size()) {
        out += fmt::format("\n  examples: were {}, are {}", stored.examples.size(), asked.examples.size());
        return out;
    }
    for (std::size_t i = 0; i < stored.examples.size(); ++i) {
        const ExampleRecord& before = stored.examples[i];
        ExampleRecord now = asked.examples[i];
        // It may be compared with more, or with less.
        if (agree(now.references, before.references)) now.references = before.references;
        if (agree(now.checksums, before.checksums)) now.checksums = before.checksums;
        if (!in_words) now.words = before.words;
        if (before == now) continue;
        return out + fmt::format("\n  examples: {} has other tokens, labels, references or words than it had",
                                 excerpt(before.id));
    }
    return out;
}

[[noreturn]] void refuse_other_run(const fs::path& folder, const std::string& different) {
    throw InputError(
        fmt::format("{}: cannot be resumed, because this is another run:{}\n--overwrite starts "
                    "anew, --out chooses another folder",
                    shown(folder), different));
}

/// Shards of texts have their own examples.
void refuse_other_examples(const RunRecord& stored, const Dataset& dataset, const fs::path& folder) {
    const auto same = [](const ExampleRecord& example, const std::string& id) { return example.id == id; };
    if (std::equal(stored.examples.begin(), stored.examples.end(), dataset.ids().begin(), dataset.ids().end(),
                   same))
        return;
    const auto first = [](const std::string& id) { return escape_controls(id); };
    throw InputError(fmt::format(
        "{}: cannot be resumed, because it is another part of the run, with {} from {} on and not {} from {} on; "
        "resume each part with its own --shard, and merge them",
        shown(folder), counted(stored.examples.size(), "example"), first(stored.examples.front().id),
        dataset.size(), first(dataset.ids().front())));
}

std::string environment_json(const RunRecord& record) {
    nlohmann::ordered_json json;
    json["dataset"] = record.dataset;
    for (const auto& [key, value] : record.environment) json[key] = value;
    return escape_controls_keep_lines(json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace)) + "\n";
}

std::unique_ptr<RunStore> open_store(const fs::path& folder) {
    const std::string file = store_file(folder).string();
    std::error_code none;
    if (!fs::is_directory(folder, none))
        throw InputError(fmt::format("{}: no such folder of a run", shown(folder)));
    check_lock(folder);
    if (!RunStore::exists(file)) {
        throw InputError(fmt::format(
            "{}: holds no run (no run.sqlite); expected a folder that `attnflow run` made", shown(folder)));
    }
    return RunStore::open(file, RunStore::Access::read);
}

Config config_of(const RunStore& store, const fs::path& folder) {
    const RunRecord& record = store.record();
    Config config = config_from_toml(record.config_toml, record.name, shown(folder / "config.toml"));
    config.preset = record.preset;
    config.dataset = record.dataset;
    const ComparisonNames names = comparison_names(config);
    if (names.references != store.names().references || names.metrics != store.names().metrics) {
        throw InputError(
            fmt::format("{}: its references or metrics are not those of its config; the file was changed",
                        shown(store_file(folder))));
    }
    return config;
}

/// Examples of the whole run; a store of a shard of texts has its own only.
std::size_t total_examples(const Config& config, const RunRecord& record) {
    const auto found = record.environment.find("dataset.examples");
    if (!config.texts || found == record.environment.end()) return record.examples.size();
    std::size_t total = 0;
    std::from_chars(found->second.data(), found->second.data() + found->second.size(), total);
    return std::max(total, record.examples.size());
}

/// How many examples are done, failed cells included.
std::size_t count_done(RunStore& store) {
    const auto done = store.done_examples();
    return static_cast<std::size_t>(std::count(done.begin(), done.end(), true));
}

RunFolder read_run(const fs::path& folder, std::shared_ptr<RunStore> store, bool with_attributions) {
    RunFolder run{.folder = folder, .config = config_of(*store, folder), .result = {}, .store = store};
    run.result = store->results(with_attributions || run.config.write_attributions);
    run.done = count_done(*store);
    run.total = total_examples(run.config, store->record());
    run.finished = run.done == run.total;
    run.tables_due = store->tables_due();
    return run;
}

/// What was run, and on what: there from the beginning.
void write_origin(const OutputFolder& folder, const RunRecord& record) {
    write_files(folder, {{"config.toml", record.config_toml}, {"environment.json", environment_json(record)}});
}

/// Provenance: version, settings, examples, fixed point. Nothing that differs between two
/// runs of the same input.
std::string run_json(const Results& result, const Config& config) {
    nlohmann::ordered_json json;
    json["attnflow"] = version();
    json["config"] = config.name;
    json["settings"] = config.given;
    json["examples"] = result.examples;
    json["grid_points"] = result.grid.size();
    json["failures"] = result.failures.size();
    json["largest_row_sum_deviation"] = result.largest_row_sum_deviation;
    if (result.fixed_point) {
        json["fixed_point"] = {{"bits", result.fixed_point->bits},
                               {"error_bound", result.fixed_point->error_bound},
                               {"rounded_to_zero", result.fixed_point->rounded_to_zero}};
        json["flows"] = {{"pairs", result.flows.pairs}, {"checked", result.flows.checked}};
    }
    return escape_controls_keep_lines(json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace)) + "\n";
}

void write_tables(RunFolder& run, const OutputFolder& folder, std::size_t jobs) {
    const Results& result = run.result;
    const Config& config = run.config;
    const Findings findings = run.findings(jobs);
    run.summary = summary_markdown(result, config, findings);
    run.headline = headline_text(result, config, findings);
    std::vector<std::pair<std::string, std::string>> files{
        {"config.toml", run.record().config_toml},
        {"environment.json", environment_json(run.record())},
        {"results.csv", results_csv(result, config)},
        {"summary.csv", summary_csv(result, config, findings.summary)},
        {"comparisons.csv", comparisons_csv(result, config, findings.summary)},
        {"summary.md", run.summary},
        {"saturation.csv", saturation_csv(result, findings.saturation)},
        {"run.json", run_json(result, config)},
    };
    if (config.write_attributions) files.emplace_back("attributions.csv", attributions_csv(result));
    if (!result.pruning.empty()) files.emplace_back("pruning.csv", pruning_csv(result));
    if (!result.diagnostics.empty()) files.emplace_back("diagnostics.csv", diagnostics_csv(result));
    if (!result.failures.empty()) files.emplace_back("failures.csv", failures_csv(result));
    std::set<std::string> stale = own_tables;
    for (const auto& [name, content] : files) {
        if (stale.erase(name) == 0) throw InternalError(name + " is a table that --overwrite would leave behind");
        run.tables.push_back(name);
    }
    folder.check_there();
    write_files(folder, files);
    for (const std::string& name : stale) folder.remove(name);  // of an earlier try, or of a smaller grid
    run.store->set_tables_written();
    run.tables_due = false;
}

void refuse_foreign_store(const fs::path& folder) {
    if (!RunStore::is_foreign(store_file(folder).string())) return;
    throw InputError(
        fmt::format("{}: is not the store of a run, so --overwrite leaves it; choose another folder with --out",
                    shown(store_file(folder))));
}

/// What stood beside a new run as if it were its own.
void remove_tables(const OutputFolder& folder) {
    for (const std::string& name : own_tables) folder.remove(name);
}

/// Before the work that makes them.
void check_tables(const fs::path& folder) {
    // A run's own config is a config, and may be the one that was read.
    struct stat config = {};
    if (::lstat((folder / "config.toml").c_str(), &config) == 0) release_input(config);
    check_place(folder, {own_tables.begin(), own_tables.end()});
}

}  // namespace

Findings RunFolder::findings(std::size_t jobs) const {
    return {summarise(result, config, jobs), saturation_of(*store, jobs), equal_values(*store, result),
            diagnostic_findings(result), contradictions(store->plan().points)};
}

RunFolder open_run(const fs::path& folder, bool with_attributions) {
    return read_run(folder, open_store(folder), with_attributions);
}

void refuse_run_file(const fs::path& folder, const std::string& name) {
    std::error_code none;
    const bool in_run = fs::exists(fs::symlink_status(store_file(folder), none));
    if (!own_files.contains(name) && !(in_run && own_tables.contains(name))) return;
    throw InputError(fmt::format("{}: cannot be written: a run keeps its own there, expected another place",
                                 shown(folder / name)));
}

void check_run_folder(const FolderOptions& options) {
    refuse_used_folder(options);
    check_tables(options.folder);
    if (options.existing == Existing::overwrite) refuse_foreign_store(options.folder);
}

namespace {

/// The record of a run that has all that the one in `store` has, and more. Throws InputError for another run.
RunRecord larger_record(const RunStore& store, const Config& config, const Dataset& dataset,
                        const FolderOptions& options, const Identity& was, const Identity& is) {
    const RunRecord& stored = store.record();
    // A dataset or program that is another one is told first: of it everything else may differ.
    const auto refuse_some = [&](const std::string& some) {
        if (!some.empty()) refuse_other_run(options.folder, some);
    };
    refuse_some(differences_of_growth(stored, stored, was, is));
    const auto of_files = [](const Identity& of) {
        std::map<std::string, std::string> sums;
        for (const std::string_view key : checksums_of_examples) {
            if (const auto found = of.environment.find(std::string(key)); found != of.environment.end())
                sums.insert(*found);
        }
        return sums;
    };
    const std::string changed = differences(of_files(was), of_files(is));
    const auto refuse_examples = [&](const std::string& some) { refuse_some(some.empty() ? "" : changed + some); };
    if (!changed.empty())
        refuse_examples(unless_changed(dataset, [&] { return other_examples(stored, dataset); }));
    RunRecord asked = make_record(config, dataset, options.runner.jobs, options.runner.note);
    refuse_examples(differences_of_growth(stored, asked, was, is));
    if (options.runner.note) {
        options.runner.note(fmt::format("{}: the run grows, what is there is kept: {} x {} before, {} x {} now",
                                        shown(options.folder), counted(stored.grid_size, "grid point"),
                                        counted(stored.examples.size(), "example"), asked.grid_size,
                                        asked.examples.size()));
    }
    return asked;
}

/// The store of a run that begins or goes on.
std::shared_ptr<RunStore> begin_or_resume(const WrittenFolder& written, std::optional<RunRecord>& record,
                                          const Config& config, const Dataset& dataset,
                                          const FolderOptions& options) {
    const std::string file = written.store().string();
    if (options.existing == Existing::overwrite) {
        refuse_foreign_store(written.folder().path());
        // The old store goes in one step; tables of it that a killed process leaves are marked as old by then.
        written.make_next(*record, comparison_names(config), [](RunStore& next) { next.set_tables_due(); });
        written.take_next();
        remove_tables(written.folder());
        return RunStore::open(file, RunStore::Access::write);
    }
    if (!RunStore::is_foreign(file)) RunStore::recover(file);  // else refused when it is opened
    if (!RunStore::exists(file)) {
        if (!record) record = make_record(config, dataset, options.runner.jobs, options.runner.note);
        return RunStore::create(file, *record, comparison_names(config));
    }
    std::shared_ptr<RunStore> store = RunStore::open(file, RunStore::Access::write);
    const Identity was(store->record(), options.folder);
    const Identity is(config.given, describe_environment(config, dataset));
    if (was.differences_to(is).empty()) {
        if (config.texts) refuse_other_examples(store->record(), dataset, options.folder);
        return store;
    }
    const RunRecord asked = larger_record(*store, config, dataset, options, was, is);
    written.make_next(asked, comparison_names(config), [&](RunStore& next) { next.take_scores(*store); });
    store->close();
    store.reset();
    written.take_next();
    return RunStore::open(file, RunStore::Access::write);
}

/// Throws where the files that the run was made of are others now than its record says. What this process stored
/// may then be of either, and is forgotten.
void refuse_changed_inputs(RunStore& store, const Config& config, const Dataset& dataset, const fs::path& folder) {
    std::map<std::string, std::string> is;
    std::map<std::string, std::string> was;
    std::string different;
    try {
        is = input_checksums(config);
        for (const auto& [key, checksum] : is) {
            const auto found = store.record().environment.find(key);
            was[key] = found == store.record().environment.end() ? "(none)" : found->second;
        }
        different = differences(was, is);
        if (config.texts && !TextCache::is_whole(dataset.path()))
            different += fmt::format("\n  {}: changed", shown(dataset.path()));
    } catch (const InputError& error) {
        different = fmt::format("\n  {}", error.what());
    }
    if (different.empty()) return;
    store.forget_own();
    store.close();
    throw InputError(
        fmt::format("{}: no tables were written, because what the run is made of changed while it was at "
                    "work:{}\nWhat was done "
                    "meanwhile is forgotten; put the files back and finish the run with --resume, or begin anew "
                    "with --overwrite",
                    shown(folder), different));
}

}  // namespace

RunFolder run_in_folder(const Config& config, const Dataset& dataset, const FolderOptions& options) {
    refuse_used_folder(options);
    check_tables(options.folder);
    std::optional<RunRecord> record;
    const bool anew =
        options.existing == Existing::overwrite || !RunStore::exists(store_file(options.folder).string());
    if (anew)
        record = make_record(config, dataset, options.runner.jobs,
                             options.runner.note);  // bad input leaves no folder behind
    const WrittenFolder written(options.folder);
    refuse_used_folder(options);  // again: another process may have been here before the lock
    const std::shared_ptr<RunStore> store = begin_or_resume(written, record, config, dataset, options);
    write_origin(written.folder(), store->record());
    const bool stopped = !execute(*store, config, dataset, options.runner);
    if (!stopped) refuse_changed_inputs(*store, config, dataset, options.folder);
    RunFolder run = read_run(options.folder, store, false);
    if (run.finished) write_tables(run, written.folder(), options.runner.jobs);
    store->close();
    written.folder().check_there();
    return run;
}

namespace {

[[noreturn]] void refuse_merge(const fs::path& folder, const fs::path& first, const std::string& different) {
    throw InputError(fmt::format("{}: cannot be merged with {}, because it is another run:{}", shown(folder),
                                 shown(first), different));
}

/// Stores of one run: same settings, program and instruction set.
std::vector<std::unique_ptr<RunStore>> open_parts(const std::vector<fs::path>& folders) {
    std::vector<std::unique_ptr<RunStore>> parts;
    for (const fs::path& folder : folders) {
        parts.push_back(open_store(folder));
        parts.back()->check_pages();
        const RunRecord& first = parts.front()->record();
        const RunRecord& record = parts.back()->record();
        const std::string different = Identity(first, folders.front()).differences_to(Identity(record, folder));
        if (different.empty()) continue;
        refuse_merge(folder, folders.front(), different);
    }
    return parts;
}

/// What the parts have in common, with the examples of all. Parts of a run on a dataset have the same ones, those
/// of a run on texts their own, numbered.
RunRecord joined_record(const std::vector<std::unique_ptr<RunStore>>& parts, const std::vector<fs::path>& folders,
                        bool of_texts) {
    RunRecord joined = parts.front()->record();
    std::map<std::pair<std::size_t, std::string>, ExampleRecord> examples;  // by number: ex99999 before ex100000
    for (std::size_t p = 0; p < parts.size(); ++p) {
        const RunRecord& record = parts[p]->record();
        bool same = of_texts || record.examples == joined.examples;
        for (const ExampleRecord& example : record.examples) {
            const auto [known, fresh] = examples.emplace(std::pair(example.id.size(), example.id), example);
            same = same && (fresh || known->second == example);
        }
        if (!same)
            refuse_merge(folders[p], folders.front(), "\n  the examples differ, or what they are compared with");
        joined.largest_row_sum_deviation =
            std::max(joined.largest_row_sum_deviation, record.largest_row_sum_deviation);
    }
    if (!of_texts) return joined;
    joined.examples.clear();
    for (auto& [number, example] : examples) joined.examples.push_back(std::move(example));
    return joined;
}

}  // namespace

RunFolder merge_runs(const std::vector<fs::path>& folders, const FolderOptions& options) {
    if (folders.empty()) throw ParameterError("no runs to merge");
    for (const fs::path& folder : folders) {
        std::error_code none;
        if (!fs::equivalent(folder, options.folder, none)) continue;
        throw InputError(fmt::format(
            "{}: is to be merged and to hold the result; choose another folder with --out", shown(folder)));
    }
    refuse_used_folder_of_merge(options);
    check_tables(options.folder);
    const auto parts = open_parts(folders);
    const Config config = config_of(*parts.front(), folders.front());
    const RunRecord record = joined_record(parts, folders, config.texts.has_value());
    const WrittenFolder written(options.folder);
    const OutputFolder& folder = written.folder();
    refuse_used_folder_of_merge(options);  // again: another process may have been here before the lock
    if (options.existing == Existing::overwrite) refuse_foreign_store(options.folder);

    written.make_next(record, comparison_names(config), [&](RunStore& store) {
        for (const bool with_failures : {false, true}) {
            for (const auto& part : parts) store.take(*part, with_failures);
        }
        if (count_done(store) == total_examples(config, record)) compare_again(store, config, options.runner.jobs);
        store.set_merging(true);  // until its tables are written
        store.set_tables_due();
    });
    written.take_next();
    remove_tables(folder);
    const std::shared_ptr<RunStore> store = RunStore::open(written.store().string(), RunStore::Access::amend);
    RunFolder run = read_run(options.folder, store, false);
    write_origin(folder, run.record());
    if (run.finished) {
        write_tables(run, folder, options.runner.jobs);
    } else {
        store->set_merging(false);
    }
    folder.check_there();
    return run;
}

namespace {

/// Throws, with the cause, where model metrics are asked for whose values are not stored, and the model or the
/// sentences that they would be made of are not those of the run.
void expect_asked_model(const RunStore& store, const Config& config, const fs::path& folder) {
    if (has_model_values(store, config)) return;
    std::string different;
    try {
        std::map<std::string, std::string> was;
        const std::map<std::string, std::string> is = input_checksums(config);
        for (const auto& [key, checksum] : is) {
            const auto found = store.record().environment.find(key);
            if (found != store.record().environment.end()) was.insert(*found);
        }
        different = differences(was, is);
    } catch (const InputError& error) {
        different = fmt::format("\n  {}", error.what());
    }
    if (different.empty()) return;
    throw InputError(fmt::format(
        "{}: has no values of {}, and its model cannot be asked:{}\nPut back what the run was made of, "
        "or leave out of evaluation.model_metrics what it did not have",
        shown(folder), join(config.model_metrics, ", "), different));
}

}  // namespace

RunFolder evaluate_run(const fs::path& folder, const Settings& overrides, std::size_t jobs) {
    for (const auto& [key, setting] : overrides) {
        if (key.starts_with("evaluation.") || key.starts_with("statistics.") || key.starts_with("output."))
            continue;
        throw ParameterError(
            fmt::format("{}: only evaluation.*, statistics.* and output.* can be changed without computing "
                        "scores; for this, run the config anew",
                        setting.where));
    }
    RunFolder before = open_run(folder);
    if (!before.finished) {
        throw InputError(
            fmt::format("{}: the run is not finished; `attnflow run` with --resume finishes it", shown(folder)));
    }
    refuse_other_program(before.record(), folder);
    Settings settings = settings_from_toml(before.record().config_toml, shown(folder / "config.toml"));
    overlay(settings, overrides);
    const std::string name = before.record().name;
    Config config = config_from_settings(std::move(settings), name, shown(folder / "config.toml"));
    config.preset = before.record().preset;
    expect_asked_model(*before.store, config, folder);
    before.store.reset();

    check_tables(folder);
    const WrittenFolder written(folder);
    const std::shared_ptr<RunStore> store = RunStore::open(written.store().string(), RunStore::Access::write);
    expect_asked_model(*store, config, folder);
    compare_again(*store, config, jobs);
    RunFolder run = read_run(folder, store, false);
    write_tables(run, written.folder(), jobs);
    store->close();
    return run;
}

std::string file_system_warning(const fs::path& folder) {
    struct statfs info {};
    fs::path existing = fs::absolute(folder);
    while (::statfs(existing.c_str(), &info) != 0) {
        if (existing == existing.parent_path()) return "";
        existing = existing.parent_path();
    }
    const std::map<std::uint32_t, const char*> network{
        {0x6969, "NFS"},        {0x517B, "SMB"},        {0xFF534D42, "CIFS"}, {0xFE534D42, "SMB 2"},
        {0x0BD00BD0, "Lustre"}, {0x47504653, "GPFS"},   {0x00C36400, "Ceph"}, {0x5346414F, "AFS"},
        {0x01021997, "9P"},     {0x19830326, "BeeGFS"}, {0x65735546, "FUSE"},
    };
    const auto found = network.find(static_cast<std::uint32_t>(info.f_type));
    if (found == network.end()) return "";
    return fmt::format(
        "{} is on {}, where SQLite's write-ahead log is unsafe; better run on a local disk and copy "
        "the folder afterwards",
        shown(folder), found->second);
}

}  // namespace attnflow
