#pragma once
/// Runs the attnflow executable as a user would and keeps what it says.

#include <string>
#include <vector>

#include "tests/temporary_directory.hpp"

namespace attnflow::testing {

/// Absolute paths of the source tree and of the attnflow executable; from folders.cpp. Functions, because
/// constants of other files are made from them before `main`, in an order that the linker chooses.
std::string source_folder();
std::string executable();

struct CommandResult {
    int exit_code = -1;  ///< 128 + signal when it was killed
    std::string out;
    std::string err;
};

/// A signal to send some time after the start; 0 for none.
struct SignalAfter {
    int signal = 0;
    int milliseconds = 0;
};

/// Runs `COMMAND...` in `folder` (the current one when empty), without standard input.
CommandResult run_program(std::vector<std::string> words, const std::string& folder = "", SignalAfter then = {});

/// Runs `attnflow ARGUMENTS...`.
CommandResult attnflow(std::vector<std::string> arguments, const std::string& folder = "", SignalAfter then = {});

}  // namespace attnflow::testing
