/// attnflow evaluate RUN: compare the stored scores of a run again, by other metrics or with
/// other references.

#include <algorithm>
#include <memory>
#include <thread>

#include <fmt/format.h>

#include "experiments/cli/app.hpp"
#include "experiments/cli/commands.hpp"
#include "experiments/cli/options.hpp"
#include "experiments/run_folder.hpp"

namespace attnflow {
namespace {

struct EvaluateArguments {
    std::string folder;
    std::vector<std::string> set;
    bool quiet = false;
    std::size_t jobs = std::max(1u, std::thread::hardware_concurrency());
};

int evaluate(const EvaluateArguments& arguments) {
    Settings overrides;
    for (const std::string& assignment : arguments.set) overlay(overrides, setting_from_argument(assignment));
    const RunFolder run = evaluate_run(arguments.folder, overrides, arguments.jobs);
    if (!arguments.quiet) {
        fmt::print("{}\nFiles in {}: run.sqlite {}\n", run.summary, escape_controls(arguments.folder),
                   join(run.tables, " "));
    }
    return report_failures(run);
}

}  // namespace

int report_failures(const RunFolder& run) {
    const Results& result = run.result;
    if (result.failures.empty()) return exit_done;
    const Failure& first = result.failures.front();
    fmt::print(stderr, "attnflow: {} failed, first: {}, {}: {}\n", counted(result.failures.size(), "cell"),
               escape_controls(result.examples[first.example]), result.grid[first.point].method,
               escape_controls(first.message));
    return exit_failures;
}

void add_evaluate(CommandLine& line) {
    auto arguments = std::make_shared<EvaluateArguments>();
    Command command = line.command("evaluate", "Compare the stored scores of a finished run anew");
    command.option("RUN", arguments->folder, "Folder of the run").required();
    command
        .option("--set", arguments->set,
                "KEY=VALUE over the config of the run, evaluation.*, statistics.* and output.* only; repeatable")
        .one_value();
    command.flag("--quiet", arguments->quiet, "No tables, only errors");
    add_jobs(command, arguments->jobs);
    command.runs([arguments] { return evaluate(*arguments); });
}

}  // namespace attnflow
