#include "experiments/cli/finished_run.hpp"

#include <fmt/format.h>

#include "experiments/cli/app.hpp"
#include "experiments/cli/command_line.hpp"
#include "experiments/cli/console.hpp"
#include "experiments/run_folder.hpp"
#include "graph/support/text.hpp"

namespace attnflow {

void add_output(Command& command, RunOutput& output) {
    const Option quiet = command.flag("--quiet", output.quiet, "No progress and no tables, only errors");
    command.flag("--tables", output.tables, "Print all tables (summary.md), not only what they say on one screen")
        .excludes(quiet);
}

int say_finished(const RunFolder& run, const RunOutput& output) {
    if (!output.quiet) {
        fmt::print("{}\nFiles in {}: run.sqlite {}\n", output.tables ? run.summary : run.headline,
                   escape_controls(run.folder.string()), join(run.tables, " "));
    }
    return report_failures(run);
}

int report_failures(const RunFolder& run) {
    const Results& result = run.result;
    if (result.failures.empty()) return exit_done;
    const Failure& first = result.failures.front();
    say(fmt::format("{} failed, first: {}, {}: {}", counted(result.failures.size(), "cell"),
                    escape_controls(result.examples[first.example]), result.grid[first.point].method,
                    escape_controls(first.message)));
    return exit_failures;
}

}  // namespace attnflow
