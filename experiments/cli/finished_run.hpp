#pragma once
/// What `run`, `merge` and `evaluate` say at their end.

#include <string>

namespace attnflow {

class Command;
struct RunFolder;

/// How much they say.
struct RunOutput {
    bool quiet = false;
    bool tables = false;
};

/// --quiet and --tables.
void add_output(Command& command, RunOutput& output);

/// Prints what a run says, where its files are, and, on standard error, how many cells failed; an ExitCode.
int say_finished(const RunFolder& run, const RunOutput& output);

/// Says how many cells failed, and the first; the exit code that goes with it.
int report_failures(const RunFolder& run);

}  // namespace attnflow
