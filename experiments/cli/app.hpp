#pragma once
/// The attnflow command line. A program with members of its own gets the whole of it by calling run_app() from its
/// main().

#include <functional>

namespace attnflow {

/// Exit codes of run_app().
enum ExitCode {
    exit_done = 0,
    exit_failures = 1,   ///< finished, but some cells failed
    exit_bad_input = 2,  ///< wrong usage or unusable input
    exit_stopped = 130,  ///< by Ctrl-C or SIGTERM; --resume finishes a run
};

/// Runs a command, after `add_members` has put the program's own members into the registries; errors go to
/// standard error, those of a member that cannot be one too. Never throws.
int run_app(int argc, const char* const* argv, const std::function<void()>& add_members = {});

}  // namespace attnflow
