#include "experiments/report/process.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "graph/support/error.hpp"
#include "graph/support/text.hpp"

extern char** environ;

namespace attnflow {
namespace {

constexpr std::size_t most_output_bytes = std::size_t{1} << 30;

/// What a program is started with.
struct Start {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;

    Start(int output, int error) {
        ::posix_spawn_file_actions_init(&actions);
        ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        ::posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
        ::posix_spawn_file_actions_adddup2(&actions, error, STDERR_FILENO);
        ::posix_spawnattr_init(&attributes);
        // A group of its own, so that it and what it starts can be ended together; and the signals that this
        // process may ignore do again what programs expect.
        ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF);
        ::posix_spawnattr_setpgroup(&attributes, 0);
        sigset_t defaults;
        ::sigemptyset(&defaults);
        for (const int signal : {SIGPIPE, SIGXFSZ, SIGINT, SIGTERM, SIGHUP}) ::sigaddset(&defaults, signal);
        ::posix_spawnattr_setsigdefault(&attributes, &defaults);
    }
    ~Start() {
        ::posix_spawn_file_actions_destroy(&actions);
        ::posix_spawnattr_destroy(&attributes);
    }
    Start(const Start&) = delete;
    Start& operator=(const Start&) = delete;
};

/// With less node does not start (below about 750 MB), and instead of saying so waits for ever where it lacks room
/// for its threads (100 to 130 MB).
constexpr rlim_t least_address_space = rlim_t{1} << 30;

void expect_address_space(const std::string& program) {
    rlimit limit{};
    if (::getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur >= least_address_space) return;  // RLIM_INFINITY too
    throw InputError(fmt::format("{} needs 1 GiB of address space, but the limit (ulimit -v) is {} MiB: raise it",
                                 escape_controls(program), limit.rlim_cur >> 20));
}

/// Waits for the end of `child`; false, with the child and its group ended, when `stop` becomes true before.
bool wait_for(pid_t child, int& status, const std::string& name, const std::atomic<bool>* stop) {
    const auto stopped = [&] { return stop != nullptr && *stop; };
    for (;;) {
        const pid_t ended = ::waitpid(child, &status, stop == nullptr ? 0 : WNOHANG);
        if (ended == child) return true;
        if (ended < 0 && errno != EINTR) throw InputError(fmt::format("{}: lost: {}", name, std::strerror(errno)));
        if (stopped()) break;
        if (ended == 0) ::usleep(5000);
    }
    ::kill(-child, SIGKILL);
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return false;
}

}  // namespace

std::optional<std::string> find_program(const std::vector<std::string>& names) {
    const char* variable = std::getenv("PATH");
    const std::string path = variable == nullptr ? "" : variable;
    for (const std::string& name : names) {
        std::size_t begin = 0;
        while (begin <= path.size()) {
            const std::size_t end = std::min(path.find(':', begin), path.size());
            const std::string folder = path.substr(begin, end - begin);
            const std::string file = folder + "/" + name;
            std::error_code none;
            if (!folder.empty() && ::access(file.c_str(), X_OK) == 0 &&
                std::filesystem::is_regular_file(file, none))
                return file;
            begin = end + 1;
        }
    }
    return std::nullopt;
}

ProcessResult run_process(const std::vector<std::string>& arguments, const ScratchFolder& scratch,
                          const std::atomic<bool>* stop) {
    expect_address_space(arguments[0]);
    // One after the other may run in one folder.
    const std::string output = (scratch.path() / "stdout").string();
    const std::string error = (scratch.path() / "stderr").string();
    for (const std::string& file : {output, error}) ::unlink(file.c_str());
    int status = 0;
    {
        const Descriptor out = scratch.create("stdout");
        const Descriptor err = scratch.create("stderr");
        const Start start(out.get(), err.get());
        std::vector<char*> argv;
        for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
        argv.push_back(nullptr);
        pid_t child = 0;
        const int failure =
            ::posix_spawnp(&child, argv[0], &start.actions, &start.attributes, argv.data(), environ);
        if (failure != 0)
            throw InputError(fmt::format("{}: cannot be started: {}", arguments[0], std::strerror(failure)));
        if (!wait_for(child, status, arguments[0], stop)) throw Stopped();
    }
    ProcessResult result;
    result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    result.output = read_file(output, most_output_bytes);
    result.error = read_file(error, most_output_bytes);
    return result;
}

}  // namespace attnflow
