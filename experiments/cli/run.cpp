/// attnflow run CONFIG: a whole experiment from a config file, in a folder that survives.

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <memory>
#include <set>
#include <thread>

#include <fmt/format.h>

#include "attention/dataset.hpp"
#include "attention/extract/texts.hpp"
#include "attention/model/text_model.hpp"
#include "experiments/cli/app.hpp"
#include "experiments/cli/commands.hpp"
#include "experiments/cli/console.hpp"
#include "experiments/cli/finished_run.hpp"
#include "experiments/cli/notes.hpp"
#include "experiments/cli/options.hpp"
#include "experiments/cli/stop_on_signal.hpp"
#include "experiments/cli/terminal.hpp"
#include "experiments/cli/unknown_text.hpp"
#include "experiments/inputs/config_dataset.hpp"
#include "experiments/run/memory.hpp"
#include "experiments/run/model_questions.hpp"
#include "experiments/run_folder.hpp"
#include "experiments/study/expectations.hpp"
#include "experiments/study/plan.hpp"

namespace attnflow {
namespace {

struct RunArguments {
    std::string config;
    std::string out;
    std::vector<std::string> set;
    Shard shard;
    bool resume = false;
    bool overwrite = false;
    bool dry_run = false;
    RunOutput output;
    std::size_t jobs = std::max(1u, std::thread::hardware_concurrency());
};

// "2/4": the second of four.
Shard parse_shard(const std::string& text) {
    const char* end = text.data() + text.size();
    Shard shard;
    const auto number = std::from_chars(text.data(), end, shard.index);
    if (number.ec == std::errc() && number.ptr != end && *number.ptr == '/') {
        const auto count = std::from_chars(number.ptr + 1, end, shard.count);
        if (count.ec == std::errc() && count.ptr == end && shard.index >= 1 && shard.index <= shard.count) {
            --shard.index;
            return shard;
        }
    }
    throw ParameterError(fmt::format(
        "--shard {}: expected K/N with 1 <= K <= N, for instance 2/4: the second of four parts", excerpt(text)));
}

std::filesystem::path default_folder(const std::string& name, const Shard& shard) {
    if (name.empty() || name == "." || name == "..") {
        throw ParameterError(fmt::format("a config called '{}' names no folder of results, expected --out FOLDER",
                                         escape_controls(name)));
    }
    const std::string part = shard.count == 1 ? "" : fmt::format("-{}-of-{}", shard.index + 1, shard.count);
    return std::filesystem::path("results") / (name + part);
}

// A place that the user did not choose is not followed to where a link leads.
void refuse_links(const std::filesystem::path& folder) {
    std::filesystem::path part;
    for (const auto& name : folder) {
        part /= name;
        std::error_code none;
        if (!std::filesystem::is_symlink(std::filesystem::symlink_status(part, none))) continue;
        throw InputError(fmt::format("{}: is a link, which is followed only where you name the folder: --out {}",
                                     escape_controls(part.string()), escape_controls(folder.string())));
    }
}

// How model and texts are read, where that is not plain from the files.
void print_notes_of_texts(const Texts& texts) {
    print_notes_of_model(texts.model.string());
    const Task task = TextModel::task_of(texts.model.string());
    for (const std::string& note : text_notes(texts.sentences.string(), task)) print_note(note);
}

// What a run would do, and every point of its grid. Throws what a run would throw before it computes scores.
void print_plan(Config& config, const Shard& shard, std::size_t jobs) {
    TextOutline outline;
    if (config.texts) {
        print_notes_of_texts(*config.texts);
        outline = outline_texts(config);
    } else {
        const Dataset dataset = open_dataset(config);
        make_record(config, dataset, jobs, print_note);
        const AttentionStack attention = dataset.example(0).attention;
        outline = {attention.layers(), attention.heads()};
        for (std::size_t i = 0; i < config.used_examples(dataset.size()); ++i)
            outline.tokens.push_back(dataset.example(i).tokens.size());
    }
    const Plan plan = make_plan(config, outline.layers);
    if (config.texts) {
        for (const Contradiction& one : contradictions(plan.points)) print_note(one.sentence);
    }
    std::vector<std::size_t> tokens;
    for (std::size_t i = 0; i < outline.tokens.size(); ++i) {
        if (shard.has(i)) tokens.push_back(outline.tokens[i]);
    }
    const std::size_t examples = tokens.size();
    std::set<std::string> networks;
    for (const GridPoint& point : plan.attributions) networks.insert(point.key(AxisStage::network));
    for (std::size_t p = 0; p < plan.grid_size; ++p) {
        std::string line = plan.points[p].method;
        for (const AxisInfo& axis : axes()) {
            if (plan.points[p].has(axis.name))
                line += fmt::format(" {}={}", axis.name, plan.points[p].text(axis.name));
        }
        fmt::print("{}\n", escape_controls(line));
    }
    fmt::print("\n{}: {} x {} = {}\n", escape_controls(config.name), counted(plan.grid_size, "grid point"),
               counted(examples, "example"), counted(plan.grid_size * examples, "cell"));
    fmt::print("for each example {} in {} over {}\n", counted(plan.attributions.size(), "attribution"),
               counted(plan.steps.size(), "step"), counted(networks.size(), "network"));
    if (const std::size_t texts = most_texts(config, plan, tokens); texts > 0) {
        fmt::print("the model is asked about {} at most; sets of tokens that points share are run once\n",
                   counted(texts, "text"));
    }
    const std::size_t memory = most_memory(config, plan, outline.layers, outline.heads, tokens, jobs);
    fmt::print("memory: at most about {:.2g} GB with --jobs {}, beside the files that are read{}\n",
               std::max(0.05, static_cast<double>(memory) / 1e9), jobs,
               config.texts ? " and what the model takes (docs/models.md)" : "");
}

FolderOptions folder_options(const RunArguments& arguments, const Config& config) {
    FolderOptions options;
    options.folder = arguments.out.empty() ? default_folder(config.name, arguments.shard)
                                           : std::filesystem::path(arguments.out);
    if (arguments.out.empty()) refuse_links(options.folder);
    if (arguments.resume) options.existing = Existing::resume;
    if (arguments.overwrite) options.existing = Existing::overwrite;
    return options;
}

// The file that the config names, or what its model makes of its texts.
Dataset dataset_of(const RunArguments& arguments, Config& config) {
    if (config.texts) print_notes_of_texts(*config.texts);
    ProgressLine line("texts", arguments.output.quiet);
    provide_dataset(
        config, arguments.jobs, [&](std::size_t done, std::size_t total) { line.update(done, total, 0); },
        &StopOnSignal::stop, arguments.shard);
    return open_dataset(config);
}

void print_warnings(const RunArguments& arguments, const FolderOptions& options, const Dataset& dataset) {
    if (const std::string warning = file_system_warning(options.folder); !warning.empty()) say(warning);
    if (const std::string unknown = unknown_text(dataset); !unknown.empty() && !arguments.output.quiet)
        say(unknown);
}

RunFolder run_with_progress(const RunArguments& arguments, const Config& config, const Dataset& dataset,
                            FolderOptions options) {
    ProgressLine line("cells", arguments.output.quiet);
    options.runner = {.jobs = arguments.jobs,
                      .shard = config.texts ? Shard{} : arguments.shard,  // of texts there are no others
                      .progress = [&](std::size_t done, std::size_t total,
                                      std::size_t failures) { line.update(done, total, failures); },
                      .note = print_note,
                      .stop = &StopOnSignal::stop};
    return run_in_folder(config, dataset, options);
}

// What is said of a run that has more to do.
int say_unfinished(const RunArguments& arguments, const RunFolder& run) {
    const std::string folder = escape_controls(run.folder.string());
    if (StopOnSignal::stop) {
        say(fmt::format("stopped; what is done is kept in {}. The same command with --resume finishes it",
                        folder));
        return exit_stopped;
    }
    if (!arguments.output.quiet) {
        fmt::print("Part {} of {} is done: {} of {}, in {}. `attnflow merge` joins the parts.\n",
                   arguments.shard.index + 1, arguments.shard.count, run.done, counted(run.total, "example"),
                   folder);
    }
    return report_failures(run);
}

int run(const RunArguments& arguments) {
    Settings overrides;
    for (const std::string& assignment : arguments.set) overlay(overrides, setting_from_argument(assignment));
    Config config = load_config(arguments.config, overrides);
    if (arguments.dry_run) {
        print_plan(config, arguments.shard, arguments.jobs);
        return exit_done;
    }
    const FolderOptions options = folder_options(arguments, config);
    check_run_folder(options);  // before the model runs on all texts
    const StopOnSignal signals;
    const Dataset dataset = dataset_of(arguments, config);
    print_warnings(arguments, options, dataset);
    const RunFolder run = run_with_progress(arguments, config, dataset, options);
    return run.finished ? say_finished(run, arguments.output) : say_unfinished(arguments, run);
}

}  // namespace

void add_run(CommandLine& line) {
    auto arguments = std::make_shared<RunArguments>();
    Command command = line.command("run", "Run an experiment: methods x axes on every example of a dataset");
    command.option("CONFIG", arguments->config, "TOML file; `attnflow describe config` lists the keys").required();
    command.option("--out", arguments->out, "Folder for the results (default: results/NAME-OF-CONFIG)")
        .check(has_name());
    const Option resume = command.flag("--resume", arguments->resume,
                                       "Finish the run that was begun in the folder, if there is one");
    command.flag("--overwrite", arguments->overwrite, "Start anew where the folder holds a run").excludes(resume);
    command.option(
        "--shard", [arguments](const std::string& text) { arguments->shard = parse_shard(text); },
        "K/N: only every Nth example, from the Kth on, for one of N machines; `attnflow merge` joins them");
    command.flag("--dry-run", arguments->dry_run, "Only print the grid points and how many cells there are");
    add_output(command, arguments->output);
    command
        .option("--set", arguments->set,
                "KEY=VALUE, over the config; repeatable. A relative dataset.path counts from the current folder")
        .one_value();
    add_jobs(command, arguments->jobs);
    command.runs([arguments] { return run(*arguments); });
}

}  // namespace attnflow
