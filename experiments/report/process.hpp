#pragma once
/// Running a program that draws or converts: node, Chromium, rsvg-convert.

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace attnflow {

/// A folder of its own below the system's temporary folder, removed with all it holds.
class TemporaryFolder {
public:
    TemporaryFolder();
    ~TemporaryFolder();
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

/// The first of `names` that is an executable file in PATH.
std::optional<std::string> find_program(const std::vector<std::string>& names);

struct ProcessResult {
    int exit_code = 0;  ///< 128 + number of the signal that ended it
    std::string output;
    std::string error;
};

/// Runs `arguments` (the program first, no shell) with nothing on standard input and waits.
/// `scratch` holds its output meanwhile. Throws InputError when it cannot be started.
ProcessResult run_process(const std::vector<std::string>& arguments, const std::filesystem::path& scratch);

/// The whole of a file; throws InputError when it cannot be read.
std::string read_file(const std::filesystem::path& path);

}  // namespace attnflow
