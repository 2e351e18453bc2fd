#pragma once
/// Running a program that draws or converts: node, Chromium, rsvg-convert.

#include <atomic>
#include <optional>
#include <string>
#include <vector>

#include "graph/support/files/output_file.hpp"

namespace attnflow {

/// The first of `names` that is an executable file in PATH.
std::optional<std::string> find_program(const std::vector<std::string>& names);

struct ProcessResult {
    int exit_code = 0;  ///< 128 + number of the signal that ended it
    std::string output;
    std::string error;
};

/// Runs `arguments` (the program first, no shell) with nothing on standard input and waits.
/// `scratch` holds its output meanwhile. Throws InputError when it cannot be started or less than 1 GiB of address
/// space is allowed (ulimit -v), and Stopped, after it has ended the program and what that started, when `stop`
/// becomes true.
ProcessResult run_process(const std::vector<std::string>& arguments, const ScratchFolder& scratch,
                          const std::atomic<bool>* stop = nullptr);

}  // namespace attnflow
