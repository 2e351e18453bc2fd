#include "graph/support/files/output_file.hpp"

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <ctime>
#include <optional>
#include <system_error>
#include <thread>

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "graph/support/error.hpp"
#include "graph/support/sha256.hpp"
#include "graph/support/text.hpp"

namespace attnflow {
namespace {

namespace fs = std::filesystem;

std::string reason_of(int error) { return std::generic_category().message(error); }

[[noreturn]] void refuse(const fs::path& path, const std::string& reason) {
    throw InputError(fmt::format("{}: cannot be written: {}", escape_controls(path.string()), reason));
}

// A file that got its name from a file without one was locked before; one that was made with its name, soon after.
constexpr const char* prefix = ".attnflow-";
constexpr const char* linked = ".partial";
constexpr const char* named = ".writing";
constexpr const char* scratch_prefix = "attnflow-scratch-";
constexpr std::size_t random_digits = 16;
constexpr std::time_t soon = 60;  // seconds

std::string random_text() {
    std::uint64_t number = 0;
    // 8 bytes are never given in part; without the call (very old kernels) names only collide and are tried again.
    if (::getrandom(&number, sizeof number, 0) != static_cast<ssize_t>(sizeof number)) {
        struct timespec now {};
        ::clock_gettime(CLOCK_MONOTONIC, &now);
        number =
            static_cast<std::uint64_t>(now.tv_nsec) * 0x9e3779b97f4a7c15u + static_cast<std::uint64_t>(::getpid());
    }
    return fmt::format("{:016x}", number);
}

bool is_ours(const std::string& name, const std::string& begin, const std::string& end) {
    return name.size() == begin.size() + random_digits + end.size() && name.starts_with(begin) &&
           name.ends_with(end) &&
           name.find_first_not_of("0123456789abcdef", begin.size()) >= begin.size() + random_digits;
}

std::string place_of(int file) { return fmt::format("/proc/self/fd/{}", file); }

/// Names in an open folder; none where it cannot be read.
std::vector<std::string> names_in(int folder) {
    std::vector<std::string> names;
    const int copy = ::openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (copy < 0) return names;
    DIR* list = ::fdopendir(copy);
    if (list == nullptr) {
        ::close(copy);
        return names;
    }
    while (const dirent* entry = ::readdir(list)) names.emplace_back(entry->d_name);
    ::closedir(list);
    return names;
}

/// Whether what is open was left by a process that is gone: nobody holds its lock.
bool is_left(int file) { return ::flock(file, LOCK_EX | LOCK_NB) == 0; }

bool is_old(const struct stat& status) { return status.st_mtime + soon < std::time(nullptr); }

}  // namespace

OutputFolder::OutputFolder(Descriptor folder, fs::path path)
    : folder_(std::move(folder)), path_(std::move(path)) {}

OutputFolder OutputFolder::open(const fs::path& path) {
    Descriptor folder(::open(path.empty() ? "." : path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!folder) {
        const int error = errno;
        if (error == ENOTDIR) refuse(path, "it is not a folder");
        refuse(path, reason_of(error));
    }
    return {std::move(folder), path.empty() ? fs::path(".") : path};
}

OutputFolder OutputFolder::make(const fs::path& path) {
    std::error_code error;
    if (!path.empty()) fs::create_directories(path, error);
    if (error)
        throw InputError(fmt::format("{}: cannot be made: {}", escape_controls(path.string()), error.message()));
    return open(path);
}

OutputFolder OutputFolder::subfolder(const std::string& name) const {
    const fs::path path = path_ / name;
    if (::mkdirat(descriptor(), name.c_str(), 0777) != 0 && errno != EEXIST)
        throw InputError(fmt::format("{}: cannot be made: {}", escape_controls(path.string()), reason_of(errno)));
    Descriptor folder(::openat(descriptor(), name.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (folder) return {std::move(folder), path};
    const int error = errno;
    struct stat status = {};
    if (::fstatat(descriptor(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISDIR(status.st_mode)) {
        refuse(path,
               fmt::format("it is {}, expected a folder; --out names another one", kind_of_file(status.st_mode)));
    }
    refuse(path, reason_of(error));
}

void OutputFolder::remove(const std::string& name) const {
    struct stat status = {};
    if (::fstatat(descriptor(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0) release_input(status);
    if (::unlinkat(descriptor(), name.c_str(), 0) == 0 || errno == ENOENT) return;
    throw InputError(
        fmt::format("{}: cannot be removed: {}", escape_controls((path_ / name).string()), reason_of(errno)));
}

void OutputFolder::rename(const std::string& from, const std::string& to) const {
    struct stat replaced = {};
    if (::fstatat(descriptor(), to.c_str(), &replaced, AT_SYMLINK_NOFOLLOW) == 0) release_input(replaced);
    if (::renameat(descriptor(), from.c_str(), descriptor(), to.c_str()) != 0)
        refuse(path_ / to, reason_of(errno));
}

void OutputFolder::check_there() const {
    struct stat held = {};
    struct stat found = {};
    if (::fstat(descriptor(), &held) == 0 && ::stat(path_.c_str(), &found) == 0 && held.st_dev == found.st_dev &&
        held.st_ino == found.st_ino)
        return;
    throw InputError(
        fmt::format("{}: the folder was removed or replaced while it was used", escape_controls(path_.string())));
}

void OutputFolder::check_replaceable(const std::string& name) const {
    const fs::path path = path_ / name;
    struct stat status = {};
    if (::fstatat(descriptor(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
        if (errno == ENOENT) return;
        refuse(path, reason_of(errno));
    }
    if (!S_ISREG(status.st_mode)) refuse(path, fmt::format("it is {}", kind_of_file(status.st_mode)));
    // By its mode, not by access(2): for root every file can be written.
    if ((status.st_mode & (S_IWUSR | S_IWGRP | S_IWOTH)) == 0)
        refuse(path, "it is read-only, expected another place or `chmod u+w`");
    if (is_protected_input(status)) refuse(path, "it is what this command reads, expected another place");
}

void OutputFolder::sync() const {
    const Descriptor folder(::openat(descriptor(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (folder) ::fsync(folder.get());
}

void OutputFolder::sweep() const {
    for (const std::string& name : names_in(descriptor())) {
        const bool made_with_name = is_ours(name, prefix, named);
        if (!made_with_name && !is_ours(name, prefix, linked)) continue;
        const Descriptor file(
            ::openat(descriptor(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
        struct stat status = {};
        if (!file || ::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) continue;
        if (status.st_uid != ::geteuid() || (made_with_name && !is_old(status)) || !is_left(file.get())) continue;
        ::unlinkat(descriptor(), name.c_str(), 0);
    }
}

OutputFile::OutputFile(const OutputFolder& folder, const std::string& name) : folder_(&folder), name_(name) {
    if (name.empty() || name == "." || name == ".." || name.find('/') != std::string::npos)
        refuse(path(), "that names no file");
    folder.check_replaceable(name);
#ifdef O_TMPFILE
    file_ = Descriptor(::openat(folder.descriptor(), ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0666));
    // Without /proc it could never get a name.
    if (file_ && ::access(place_of(file_.get()).c_str(), F_OK) != 0) file_ = Descriptor();
#endif
    constexpr int tries = 100;
    for (int i = 0; !file_ && i < tries; ++i) {
        temporary_ = prefix + random_text() + named;
        file_ = Descriptor(::openat(folder.descriptor(), temporary_.c_str(),
                                    O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666));
        if (!file_ && errno != EEXIST) break;
    }
    if (!file_) {
        const int error = errno;
        temporary_.clear();
        fail(error);
    }
    ::flock(file_.get(),
            LOCK_EX | LOCK_NB);  // says that somebody is at work; where there are no locks nobody sweeps
}

OutputFile::OutputFile(OutputFile&& other) noexcept
    : folder_(other.folder_),
      name_(std::move(other.name_)),
      temporary_(std::exchange(other.temporary_, "")),
      file_(std::move(other.file_)) {}

OutputFile::~OutputFile() {
    if (!temporary_.empty()) ::unlinkat(folder_->descriptor(), temporary_.c_str(), 0);
}

void OutputFile::fail(int error) const { refuse(path(), reason_of(error)); }

void OutputFile::write(std::size_t offset, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t written = ::pwrite(file_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) fail(written == 0 ? ENOSPC : errno);
        offset += static_cast<std::size_t>(written);
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
}

void OutputFile::resize(std::size_t bytes) {
    if (::ftruncate(file_.get(), static_cast<off_t>(bytes)) != 0) fail(errno);
}

void OutputFile::sync() {
    if (::fsync(file_.get()) != 0) fail(errno);
}

bool OutputFile::link_to(const std::string& name) {
    if (::linkat(AT_FDCWD, place_of(file_.get()).c_str(), folder_->descriptor(), name.c_str(),
                 AT_SYMLINK_FOLLOW) == 0)
        return true;
    if (errno != EEXIST) fail(errno);
    return false;
}

void OutputFile::publish() {
    sync();
    folder_->check_replaceable(name_);
    if (temporary_.empty()) {
        if (link_to(name_)) {
            file_ = Descriptor();
            return;
        }
        // A link cannot replace a file, so it has another name for a moment.
        std::string name = prefix + random_text() + linked;
        while (!link_to(name)) name = prefix + random_text() + linked;
        temporary_ = name;
    }
    folder_->rename(temporary_, name_);
    temporary_.clear();
    file_ = Descriptor();
}

void write_files(const OutputFolder& folder, const NamedFiles& files) {
    folder.sweep();
    std::vector<OutputFile> written;
    for (const auto& [name, content] : files) {
        OutputFile file(folder, name);
        file.write(0, content);
        file.sync();
        written.push_back(std::move(file));
    }
    for (OutputFile& file : written) file.publish();
    folder.sync();
}

void write_files(const fs::path& path, const NamedFiles& files) { write_files(OutputFolder::make(path), files); }

void write_file(const fs::path& path, const std::string& content) {
    write_files(OutputFolder::open(folder_of(path)), {{path.filename().string(), content}});
}

fs::path folder_of(const fs::path& path) { return path.has_parent_path() ? path.parent_path() : fs::path("."); }

void check_place(const fs::path& path, const std::vector<std::string>& names) {
    std::error_code error;
    fs::path nearest = fs::absolute(path).lexically_normal();
    while (!fs::exists(nearest, error) && nearest.has_relative_path()) nearest = nearest.parent_path();
    if (!fs::is_directory(nearest, error))
        refuse(path, fmt::format("{} is not a folder", escape_controls(nearest.string())));
    if (::access(nearest.c_str(), W_OK | X_OK) != 0) refuse(path, reason_of(errno));
    if (names.empty() || !fs::is_directory(path.empty() ? fs::path(".") : path, error)) return;
    const OutputFolder folder = OutputFolder::open(path);
    for (const std::string& name : names) folder.check_replaceable(name);
}

ScratchFolder::ScratchFolder() {
    const fs::path parent = fs::temp_directory_path();
    const OutputFolder place = OutputFolder::open(parent);
    constexpr int open_folder = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    for (const std::string& name : names_in(place.descriptor())) {
        if (!is_ours(name, scratch_prefix, "")) continue;
        const Descriptor folder(::openat(place.descriptor(), name.c_str(), open_folder));
        struct stat status = {};
        if (!folder || ::fstat(folder.get(), &status) != 0 || status.st_uid != ::geteuid()) continue;
        std::error_code ignored;
        if (is_old(status) && is_left(folder.get())) fs::remove_all(parent / name, ignored);
    }
    std::string name = scratch_prefix + random_text();
    while (::mkdirat(place.descriptor(), name.c_str(), 0700) != 0) {
        if (errno != EEXIST)
            throw InputError(fmt::format("{}: cannot be made: {}", escape_controls((parent / name).string()),
                                         reason_of(errno)));
        name = scratch_prefix + random_text();
    }
    path_ = parent / name;
    folder_ = Descriptor(::openat(place.descriptor(), name.c_str(), open_folder));
    if (folder_) {
        ::flock(folder_.get(), LOCK_EX | LOCK_NB);
        return;
    }
    const int error = errno;
    ::unlinkat(place.descriptor(), name.c_str(), AT_REMOVEDIR);
    refuse(path_, reason_of(error));
}

ScratchFolder::~ScratchFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
}

Descriptor ScratchFolder::create(const std::string& name) const {
    Descriptor file(
        ::openat(folder_.get(), name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!file) refuse(path_ / name, reason_of(errno));
    return file;
}

LockFile::LockFile(const OutputFolder& folder, const std::string& name, const std::string& held_message) {
    const fs::path path = folder.path() / name;
    const auto check = [&](bool there, const struct stat& status) {
        if (there && !S_ISREG(status.st_mode))
            refuse(path, fmt::format("it is {}, expected a regular file", kind_of_file(status.st_mode)));
    };
    struct stat status = {};
    check(::fstatat(folder.descriptor(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0, status);
    file_ = Descriptor(
        ::openat(folder.descriptor(), name.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0666));
    if (!file_ || ::fstat(file_.get(), &status) != 0) refuse(path, reason_of(errno));
    check(true, status);
    if (::flock(file_.get(), LOCK_EX | LOCK_NB) == 0) return;
    const int reason = errno;
    throw InputError(reason == EWOULDBLOCK ? held_message
                                           : fmt::format("{}: cannot be locked: {}",
                                                         escape_controls(path.string()), reason_of(reason)));
}

Turn::Turn(const OutputFolder& folder, const std::string& name, const std::atomic<bool>* stop)
    // Its name is one that sweep() knows: of a process that was killed it may be left.
    : folder_(&folder), name_(prefix + sha256_of_text(name).substr(0, random_digits) + linked) {
    while (true) {
        check_stop(stop);
        file_ = Descriptor(::openat(folder.descriptor(), name_.c_str(),
                                    O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0666));
        if (!file_) refuse(folder.path() / name, reason_of(errno));
        if (::flock(file_.get(), LOCK_EX | LOCK_NB) != 0) {
            if (errno != EWOULDBLOCK && errno != EINTR) return;
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
            continue;
        }
        // Who had it before may have removed it meanwhile, so that a third one made another.
        struct stat held = {};
        struct stat found = {};
        if (::fstat(file_.get(), &held) == 0 &&
            ::fstatat(folder.descriptor(), name_.c_str(), &found, AT_SYMLINK_NOFOLLOW) == 0 &&
            held.st_dev == found.st_dev && held.st_ino == found.st_ino)
            return;
    }
}

Turn::~Turn() { ::unlinkat(folder_->descriptor(), name_.c_str(), 0); }

}  // namespace attnflow
