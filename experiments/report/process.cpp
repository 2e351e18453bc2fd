#include "experiments/report/process.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "graph/support/error.hpp"
#include "graph/support/text.hpp"

extern char** environ;

namespace attnflow {

TemporaryFolder::TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "attnflow-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr)
        throw InputError(fmt::format("{}: cannot be made: {}", escape_controls(name), std::strerror(errno)));
    path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

std::optional<std::string> find_program(const std::vector<std::string>& names) {
    const char* variable = std::getenv("PATH");
    const std::string path = variable == nullptr ? "" : variable;
    for (const std::string& name : names) {
        std::size_t begin = 0;
        while (begin <= path.size()) {
            const std::size_t end = std::min(path.find(':', begin), path.size());
            const std::string folder = path.substr(begin, end - begin);
            const std::string file = folder + "/" + name;
            if (!folder.empty() && ::access(file.c_str(), X_OK) == 0 && std::filesystem::is_regular_file(file))
                return file;
            begin = end + 1;
        }
    }
    return std::nullopt;
}

ProcessResult run_process(const std::vector<std::string>& arguments, const std::filesystem::path& scratch) {
    const std::string output = (scratch / "stdout").string();
    const std::string error = (scratch / "stderr").string();
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    constexpr int flags = O_WRONLY | O_CREAT | O_TRUNC;
    ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, output.c_str(), flags, 0600);
    ::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, error.c_str(), flags, 0600);
    std::vector<char*> argv;
    for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
    argv.push_back(nullptr);
    pid_t child = 0;
    const int failure = ::posix_spawnp(&child, argv[0], &actions, nullptr, argv.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    if (failure != 0)
        throw InputError(fmt::format("{}: cannot be started: {}", arguments[0], std::strerror(failure)));
    int status = 0;
    while (::waitpid(child, &status, 0) < 0) {
        if (errno != EINTR) throw InputError(fmt::format("{}: lost: {}", arguments[0], std::strerror(errno)));
    }
    ProcessResult result;
    result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    result.output = read_file(output);
    result.error = read_file(error);
    return result;
}

std::string read_file(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) throw InputError(fmt::format("{}: cannot be read", escape_controls(path.string())));
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

}  // namespace attnflow
