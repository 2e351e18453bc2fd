#pragma once
/// The attnflow command line. A program that registers solvers or methods of its own gets
/// the whole of it by calling run_app() from its main().

namespace attnflow {

/// Exit codes of run_app().
enum ExitCode {
    exit_done = 0,
    exit_failures = 1,   ///< finished, but some cells failed
    exit_bad_input = 2,  ///< wrong usage or unusable input
    exit_stopped = 130,  ///< by Ctrl-C or SIGTERM; --resume finishes a run
};

/// Runs a command; errors go to standard error. Never throws.
int run_app(int argc, const char* const* argv);

}  // namespace attnflow
