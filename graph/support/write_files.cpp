#include "graph/support/write_files.hpp"

#include <cerrno>
#include <cstring>
#include <system_error>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "graph/support/error.hpp"
#include "graph/support/special_file.hpp"
#include "graph/support/text.hpp"

namespace attnflow {
namespace {

[[noreturn]] void fail(const std::filesystem::path& path, const std::string& reason) {
    throw InputError(fmt::format("{}: cannot be written: {}", escape_controls(path.string()), reason));
}

void write_synced(const std::filesystem::path& path, const std::string& content) {
    const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (file < 0) fail(path, std::strerror(errno));
    std::size_t written = 0;
    int error = 0;
    while (error == 0 && written < content.size()) {
        const ssize_t n = ::write(file, content.data() + written, content.size() - written);
        if (n < 0 && errno != EINTR) error = errno;
        if (n > 0) written += static_cast<std::size_t>(n);
    }
    if (error == 0 && ::fsync(file) != 0) error = errno;
    if (::close(file) != 0 && error == 0) error = errno;
    if (error != 0) fail(path, std::strerror(error));
}

void sync_folder(const std::filesystem::path& folder) {
    const int handle = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (handle < 0) return;
    ::fsync(handle);  // best effort: some file systems refuse to sync a folder
    ::close(handle);
}

}  // namespace

void check_place(const std::filesystem::path& folder, const std::vector<std::string>& names) {
    std::error_code error;
    std::filesystem::path nearest = std::filesystem::absolute(folder).lexically_normal();
    while (!std::filesystem::exists(nearest, error) && nearest.has_relative_path())
        nearest = nearest.parent_path();
    if (!std::filesystem::is_directory(nearest, error))
        fail(folder, fmt::format("{} is not a folder", escape_controls(nearest.string())));
    if (::access(nearest.c_str(), W_OK | X_OK) != 0) fail(folder, std::strerror(errno));
    for (const std::string& name : names) {
        refuse_special_file((folder / name).string());
        if (std::filesystem::is_directory(folder / name, error)) fail(folder / name, "it is a folder");
    }
}

void write_files(const std::filesystem::path& folder,
                 const std::vector<std::pair<std::string, std::string>>& files) {
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error) fail(folder, error.message());
    for (const auto& [name, content] : files) refuse_special_file((folder / name).string());
    // One fixed name, so that what a killed process left is overwritten by the next.
    const auto temporary = [&](const std::string& name) { return folder / (name + ".partial"); };
    try {
        for (const auto& [name, content] : files) write_synced(temporary(name), content);
    } catch (...) {
        for (const auto& [name, content] : files) std::filesystem::remove(temporary(name), error);
        throw;
    }
    for (const auto& [name, content] : files) {
        std::filesystem::rename(temporary(name), folder / name, error);
        if (error) fail(folder / name, error.message());
    }
    sync_folder(folder);
}

}  // namespace attnflow
