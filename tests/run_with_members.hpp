#pragma once
/// The command line of a program that brings members of its own, as tests/consumer does, in a process that forgets
/// them: registries are for good.

#include <cstdio>
#include <iostream>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "experiments/cli/app.hpp"
#include "tests/run_command.hpp"

namespace attnflow::testing {

/// Runs `attnflow ARGUMENTS...` in `folder` after `add_members()`.
inline CommandResult run_with_members(void (*add_members)(), std::vector<std::string> arguments,
                                      const std::string& folder) {
    const TemporaryDirectory scratch;
    const std::string out = scratch.file("out");
    const std::string err = scratch.file("err");
    arguments.insert(arguments.begin(), "attnflow");
    std::cout.flush();
    std::fflush(nullptr);  // what is not written yet would be written twice
    const pid_t process = ::fork();
    if (process == 0) {
        ::dup2(::open(out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), 1);
        ::dup2(::open(err.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), 2);
        if (::chdir(folder.c_str()) != 0) ::_exit(99);
        add_members();
        std::vector<const char*> words;
        for (const std::string& word : arguments) words.push_back(word.c_str());
        const int code = run_app(static_cast<int>(words.size()), words.data());
        std::fflush(nullptr);
        ::_exit(code);
    }
    int status = 0;
    ::waitpid(process, &status, 0);
    return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), read_bytes(out), read_bytes(err)};
}

}  // namespace attnflow::testing
