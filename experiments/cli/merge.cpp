/// attnflow merge RUN...: join the shards of a run that were made side by side.

#include <algorithm>
#include <memory>
#include <thread>

#include <fmt/format.h>

#include "experiments/cli/app.hpp"
#include "experiments/cli/commands.hpp"
#include "experiments/cli/console.hpp"
#include "experiments/cli/finished_run.hpp"
#include "experiments/cli/options.hpp"
#include "experiments/inputs/config_dataset.hpp"
#include "experiments/run_folder.hpp"
#include "graph/support/error.hpp"

namespace attnflow {
namespace {

struct MergeArguments {
    std::vector<std::string> parts;
    std::string out;
    bool overwrite = false;
    RunOutput output;
    std::size_t jobs = std::max(1u, std::thread::hardware_concurrency());
};

// Of a run on sentences the shards have a dataset each; a report reads that of all.
void join_examples(const RunFolder& run) {
    if (!run.config.texts) return;
    try {
        if (join_dataset(run.config)) return;
        say("not all that the parts extracted is in the cache any more, so a report has no examples until "
            "`attnflow run` with --resume makes it again");
    } catch (const InputError& error) {
        say(fmt::format("what the parts extracted cannot be joined for a report's examples: {}", error.what()));
    }
}

int merge(const MergeArguments& arguments) {
    const RunFolder run = merge_runs({arguments.parts.begin(), arguments.parts.end()},
                                     {.folder = arguments.out,
                                      .existing = arguments.overwrite ? Existing::overwrite : Existing::refuse,
                                      .runner = {.jobs = arguments.jobs}});
    if (!run.finished) {
        const bool lacks_parts = run.result.examples.size() < run.total;
        say(fmt::format("{} of {} were done in none of the runs, so there are no tables yet; {}",
                        run.total - run.done, counted(run.total, "example"),
                        lacks_parts ? "merge all parts"
                                    : fmt::format("`attnflow run` with --resume --out {} does them",
                                                  escape_controls(arguments.out))));
        return exit_failures;
    }
    join_examples(run);
    return say_finished(run, arguments.output);
}

}  // namespace

void add_merge(CommandLine& line) {
    auto arguments = std::make_shared<MergeArguments>();
    Command command = line.command("merge", "Join the runs that `run --shard` made");
    command.option("RUN", arguments->parts, "Folders of the runs").required();
    command.option("--out", arguments->out, "Folder for the whole run").required().check(has_name());
    command.flag("--overwrite", arguments->overwrite, "Start anew where the folder holds a run");
    add_output(command, arguments->output);
    add_jobs(command, arguments->jobs);
    command.runs([arguments] { return merge(*arguments); });
}

}  // namespace attnflow
