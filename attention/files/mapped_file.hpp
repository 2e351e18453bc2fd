#pragma once
/// A file mapped into memory for reading: pages are fetched when they are touched and given back
/// now and then, so a file larger than the memory can be used.

#include <atomic>
#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "graph/support/files/mapping.hpp"

namespace attnflow {

/// Owns the mapping. A file that changes while it is mapped gives other bytes, and one that is cut short a signal
/// (mapping.hpp): what was read counts only if check_unchanged() passes afterwards.
class MappedFile {
public:
    /// Maps all of `path`. Throws InputError, with the path and the system's reason, for a
    /// file that is missing, unreadable, empty or not a regular file.
    static std::shared_ptr<const MappedFile> open(const std::string& path);

    MappedFile(const MappedFile&) = delete;
    MappedFile& operator=(const MappedFile&) = delete;

    std::span<const std::byte> bytes() const { return {mapping_.data(), mapping_.size()}; }

    /// Throws InputError unless the file is what it was when it was opened.
    void check_unchanged() const { mapping_.check_unchanged(); }

    /// Says that `bytes` of the mapping were read, by any thread. After every 32 MiB of them the
    /// process gives its pages back (the system may keep them cached), so that reading a file from
    /// end to end does not make the process as large as the file. What is read again is fetched again.
    void note_read(std::size_t bytes) const;

private:
    explicit MappedFile(const InputFile& file);

    Mapping mapping_;
    mutable std::atomic<std::size_t> read_{0};  ///< since pages were given back
};

}  // namespace attnflow
