/// attnflow evaluate RUN: compare the stored scores of a run again, by other metrics or with
/// other references.

#include <algorithm>
#include <memory>
#include <thread>

#include <fmt/format.h>

#include "experiments/cli/app.hpp"
#include "experiments/cli/commands.hpp"
#include "experiments/cli/finished_run.hpp"
#include "experiments/cli/options.hpp"
#include "experiments/run_folder.hpp"

namespace attnflow {
namespace {

struct EvaluateArguments {
    std::string folder;
    std::vector<std::string> set;
    RunOutput output;
    std::size_t jobs = std::max(1u, std::thread::hardware_concurrency());
};

int evaluate(const EvaluateArguments& arguments) {
    Settings overrides;
    for (const std::string& assignment : arguments.set) overlay(overrides, setting_from_argument(assignment));
    const RunFolder run = evaluate_run(arguments.folder, overrides, arguments.jobs);
    return say_finished(run, arguments.output);
}

}  // namespace

void add_evaluate(CommandLine& line) {
    auto arguments = std::make_shared<EvaluateArguments>();
    Command command = line.command("evaluate", "Compare the stored scores of a finished run anew");
    command.option("RUN", arguments->folder, "Folder of the run").required();
    command
        .option("--set", arguments->set,
                "KEY=VALUE over the config of the run, evaluation.*, statistics.* and output.* only; repeatable")
        .one_value();
    add_output(command, arguments->output);
    add_jobs(command, arguments->jobs);
    command.runs([arguments] { return evaluate(*arguments); });
}

}  // namespace attnflow
