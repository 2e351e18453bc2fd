#include "graph/support/files/input_file.hpp"

#include <cerrno>
#include <map>
#include <mutex>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "graph/support/error.hpp"
#include "graph/support/text.hpp"

namespace attnflow {
namespace {

std::string reason_of(int error) { return std::generic_category().message(error); }

[[noreturn]] void refuse(const std::string& path, const std::string& reason) {
    throw InputError(fmt::format("{}: {}", escape_controls(path), reason));
}

/// Files that the kernel makes up are regular by their mode, of size 0 and without an end.
bool is_made_up(int file) {
    struct statfs system {};
    if (::fstatfs(file, &system) != 0) return false;
    const auto type = static_cast<std::uint32_t>(system.f_type);
    // /proc, /sys, cgroups (both versions), debugfs, tracefs, securityfs, bpf: linux/magic.h
    for (const std::uint32_t made_up :
         {0x9fa0u, 0x62656572u, 0x27e0ebu, 0x63677270u, 0x64626720u, 0x74726163u, 0x73636673u, 0xcafe4a11u}) {
        if (type == made_up) return true;
    }
    return false;
}

// Without O_NONBLOCK opening a pipe would wait for a writer; O_NOCTTY: a terminal is not taken over.
constexpr int reading = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;

struct Protected {
    std::mutex mutex;
    std::size_t guards = 0;
    std::map<std::pair<dev_t, ino_t>, std::string> files;  // with the path by which each was read
};

Protected& inputs() {
    static Protected& all = *new Protected;  // never destroyed: threads may read to the very end
    return all;
}

}  // namespace

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
    if (this != &other) {
        close();
        number_ = other.release();
    }
    return *this;
}

Descriptor::~Descriptor() { close(); }

int Descriptor::release() { return std::exchange(number_, -1); }

int Descriptor::close() {
    if (number_ < 0) return 0;
    return ::close(release()) == 0 ? 0 : errno;
}

FileStamp stamp_of(const struct stat& status) {
    return {static_cast<std::uint64_t>(status.st_dev), static_cast<std::uint64_t>(status.st_ino),
            static_cast<std::uint64_t>(status.st_size), static_cast<std::int64_t>(status.st_mtim.tv_sec),
            static_cast<std::int64_t>(status.st_mtim.tv_nsec)};
}

std::string kind_of_file(mode_t mode) {
    if (S_ISREG(mode)) return "a regular file";
    if (S_ISDIR(mode)) return "a folder";
    if (S_ISLNK(mode)) return "a link";
    if (S_ISFIFO(mode)) return "a pipe";
    if (S_ISSOCK(mode)) return "a socket";
    return "a device";
}

InputFile InputFile::open_at(int folder, const std::string& name, Links links, const std::string& path) {
    const bool follow = links == Links::follow;
    const auto check = [&](int result, const struct stat& status) {
        if (result != 0) refuse(path, "cannot be opened: " + reason_of(errno));
        if (S_ISREG(status.st_mode)) return;
        refuse(path, fmt::format("is {}, expected a regular file", kind_of_file(status.st_mode)));
    };
    struct stat status = {};
    // Before it is opened, because opening alone may have an effect; and after, for it may be another one by then.
    check(::fstatat(folder, name.c_str(), &status, follow ? 0 : AT_SYMLINK_NOFOLLOW), status);
    Descriptor file(::openat(folder, name.c_str(), reading | (follow ? 0 : O_NOFOLLOW)));
    check(file ? ::fstat(file.get(), &status) : -1, status);
    if (is_made_up(file.get())) refuse(path, "is made up by the system as it is read, expected a regular file");
    if (folder == AT_FDCWD || name.front() == '/') protect_input(status, name);
    return InputFile(std::move(file), path, stamp_of(status));
}

InputFile InputFile::open(const std::string& path, Links links) { return open_at(AT_FDCWD, path, links, path); }

InputFile InputFile::open_in(int folder, const std::string& name, const std::string& path) {
    return open_at(folder, name, Links::refuse, path);
}

void InputFile::read(std::size_t offset, std::span<char> out) const {
    while (!out.empty()) {
        const ssize_t count = ::pread(file_.get(), out.data(), out.size(), static_cast<off_t>(offset));
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) refuse(path_, "cannot be read: " + reason_of(errno));
        if (count == 0) {
            refuse(path_, fmt::format("was cut short while it was read: it had {} bytes, and ends after {}",
                                      stamp_.bytes, offset));
        }
        offset += static_cast<std::size_t>(count);
        out = out.subspan(static_cast<std::size_t>(count));
    }
}

std::string InputFile::text(std::size_t most_bytes) const {
    if (size() > most_bytes) refuse(path_, fmt::format("{} bytes, expected at most {}", size(), most_bytes));
    std::string all(size(), '\0');
    read(0, all);
    return all;
}

std::string read_file(const std::string& path, std::size_t most_bytes) {
    return InputFile::open(path).text(most_bytes);
}

void check_unchanged(const std::string& path, const FileStamp& stamp) {
    struct stat status = {};
    if (::stat(path.c_str(), &status) != 0)
        refuse(path, fmt::format("changed while it was read: {}", reason_of(errno)));
    const FileStamp now = stamp_of(status);
    if (now == stamp) return;
    if (now.device != stamp.device || now.inode != stamp.inode)
        refuse(path, "changed while it was read: another file has its name now");
    if (now.bytes < stamp.bytes) {
        refuse(path, fmt::format("was cut short while it was read: it had {} bytes and has {} now", stamp.bytes,
                                 now.bytes));
    }
    refuse(path, "changed while it was read: it was written to");
}

ProtectInputs::ProtectInputs() {
    const std::lock_guard lock(inputs().mutex);
    ++inputs().guards;
}

ProtectInputs::~ProtectInputs() {
    const std::lock_guard lock(inputs().mutex);
    if (--inputs().guards == 0) inputs().files.clear();
}

void protect_input(const struct stat& status, const std::string& path) {
    const std::lock_guard lock(inputs().mutex);
    if (inputs().guards > 0) inputs().files.insert_or_assign({status.st_dev, status.st_ino}, path);
}

void release_input(const struct stat& status) {
    const std::lock_guard lock(inputs().mutex);
    inputs().files.erase({status.st_dev, status.st_ino});
}

bool is_protected_input(const struct stat& status) {
    const std::lock_guard lock(inputs().mutex);
    const auto found = inputs().files.find({status.st_dev, status.st_ino});
    if (found == inputs().files.end()) return false;
    struct stat now = {};
    return ::stat(found->second.c_str(), &now) == 0 && now.st_dev == status.st_dev && now.st_ino == status.st_ino;
}

}  // namespace attnflow
