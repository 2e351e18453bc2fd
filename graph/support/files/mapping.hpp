#pragma once
/// A file in memory, read where it is touched.

#include <atomic>
#include <cstddef>
#include <string>

#include "graph/support/files/input_file.hpp"

namespace attnflow {

/// Maps a regular file for reading. When the file is cut short meanwhile, the operating system answers a touch of
/// what is gone with SIGBUS, which ends the process unless survive_short_files() was called.
class Mapping {
public:
    /// Throws InputError for a file that is empty or cannot be mapped.
    explicit Mapping(const InputFile& file);
    ~Mapping();
    Mapping(const Mapping&) = delete;
    Mapping& operator=(const Mapping&) = delete;

    const std::byte* data() const { return data_; }
    std::size_t size() const { return size_; }

    /// Throws InputError unless the file is what it was when it was mapped; says what became of it. What was read
    /// before counts only if this passes afterwards: a part that is gone reads as zeros, and one that was
    /// written to as either.
    void check_unchanged() const;

    /// A place in the list that the signal handler looks at.
    struct Entry {
        std::atomic<std::size_t> begin = 0;  ///< address, 0 for a free place
        std::atomic<std::size_t> end = 0;
        std::atomic<bool> was_cut = false;
        std::atomic<bool> taken = false;
        Entry* next = nullptr;
    };

private:
    std::string path_;
    FileStamp stamp_;
    const std::byte* data_ = nullptr;
    std::size_t size_ = 0;
    Entry* entry_ = nullptr;
};

/// Installs, for the whole process, a handler of SIGBUS that puts zeros in the place of pages of a Mapping whose
/// file was cut short, so that check_unchanged() can say so; any other SIGBUS does what it did before. Call it
/// once from main(); the libraries never do.
void survive_short_files();

}  // namespace attnflow
