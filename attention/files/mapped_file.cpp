#include "attention/files/mapped_file.hpp"

#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include "attention/files/file_kind.hpp"
#include "graph/support/error.hpp"
#include "graph/support/text.hpp"

namespace attnflow {
namespace {

struct Descriptor {
    int number;
    ~Descriptor() {
        if (number >= 0) ::close(number);
    }
};

[[noreturn]] void refuse(const std::string& path, const std::string& reason) {
    throw InputError(fmt::format("{}: {}", escape_controls(path), reason));
}

constexpr std::size_t most_resident = std::size_t{32} << 20;

std::string reason_of(int error) { return std::generic_category().message(error); }

}  // namespace

std::shared_ptr<const MappedFile> MappedFile::open(const std::string& path) {
    // Without O_NONBLOCK opening a FIFO would wait for a writer.
    const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
    if (file.number < 0) refuse(path, "cannot be opened: " + reason_of(errno));

    struct stat status = {};
    if (::fstat(file.number, &status) != 0) refuse(path, "cannot be examined: " + reason_of(errno));
    if (S_ISDIR(status.st_mode)) refuse(path, directory_given().text());
    if (!S_ISREG(status.st_mode)) refuse(path, "is not a regular file, expected one that can be mapped");
    if (status.st_size == 0) refuse(path, empty_file().text());

    const auto size = static_cast<std::size_t>(status.st_size);
    void* data = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.number, 0);
    if (data == MAP_FAILED) refuse(path, "cannot be mapped: " + reason_of(errno));
    // Tensors are read from end to end. A hint: nothing depends on whether it is taken.
    if (size > most_resident) ::madvise(data, size, MADV_SEQUENTIAL);
    return std::shared_ptr<const MappedFile>(new MappedFile(static_cast<const std::byte*>(data), size));
}

void MappedFile::note_read(std::size_t bytes) const {
    const std::size_t before = read_.fetch_add(bytes, std::memory_order_relaxed);
    if (before + bytes < most_resident) return;
    read_.store(0, std::memory_order_relaxed);
    // The mapping is private and never written, so pages that another thread is reading come back as they were.
    ::madvise(const_cast<std::byte*>(data_), size_, MADV_DONTNEED);
}

MappedFile::~MappedFile() { ::munmap(const_cast<std::byte*>(data_), size_); }

}  // namespace attnflow
