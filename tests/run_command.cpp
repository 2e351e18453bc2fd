#include "tests/run_command.hpp"

#include <chrono>
#include <csignal>
#include <stdexcept>
#include <thread>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace attnflow::testing {

CommandResult run_program(std::vector<std::string> words, const std::string& folder, SignalAfter then) {
    const TemporaryDirectory scratch;
    const std::string out = scratch.file("out");
    const std::string err = scratch.file("err");
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 1, out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    posix_spawn_file_actions_addopen(&actions, 2, err.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (!folder.empty()) posix_spawn_file_actions_addchdir_np(&actions, folder.c_str());
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    pid_t process = 0;
    const int error = ::posix_spawn(&process, words.front().c_str(), &actions, nullptr, argv.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    if (error != 0) throw std::runtime_error("cannot run " + words.front());
    if (then.signal != 0) {
        std::this_thread::sleep_for(std::chrono::milliseconds(then.milliseconds));
        ::kill(process, then.signal);
    }
    int status = 0;
    ::waitpid(process, &status, 0);
    return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), read_bytes(out), read_bytes(err)};
}

CommandResult attnflow(std::vector<std::string> arguments, const std::string& folder, SignalAfter then) {
    arguments.insert(arguments.begin(), executable());
    return run_program(std::move(arguments), folder, then);
}

}  // namespace attnflow::testing
