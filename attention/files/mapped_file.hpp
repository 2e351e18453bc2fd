#pragma once
/// A file mapped into memory for reading: pages are fetched when they are touched and given back
/// now and then, so a file larger than the memory can be used.

#include <atomic>
#include <cstddef>
#include <memory>
#include <span>
#include <string>

namespace attnflow {

/// Owns the mapping. The file must not be shortened while it is mapped: the operating
/// system answers an access past its new end with SIGBUS, which cannot be caught here.
class MappedFile {
public:
    /// Maps all of `path`. Throws InputError, with the path and the system's reason, for a
    /// file that is missing, unreadable, empty or not a regular file.
    static std::shared_ptr<const MappedFile> open(const std::string& path);

    MappedFile(const MappedFile&) = delete;
    MappedFile& operator=(const MappedFile&) = delete;
    ~MappedFile();

    std::span<const std::byte> bytes() const { return {data_, size_}; }

    /// Says that `bytes` of the mapping were read, by any thread. After every 32 MiB of them the
    /// process gives its pages back (the system may keep them cached), so that reading a file from
    /// end to end does not make the process as large as the file. What is read again is fetched again.
    void note_read(std::size_t bytes) const;

private:
    MappedFile(const std::byte* data, std::size_t size) : data_(data), size_(size) {}

    const std::byte* data_;
    std::size_t size_;
    mutable std::atomic<std::size_t> read_{0};  ///< since pages were given back
};

}  // namespace attnflow
