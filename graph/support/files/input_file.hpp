#pragma once
/// The one place where a file is opened for reading.
///
/// Only regular files are read. A pipe, a device, a socket or what the kernel makes up below /proc has no size
/// that says when to stop, and opening some of them waits or has effects; each is refused by its kind before a
/// byte is read. At most the size found when the file was opened is read: a file that grows is no file without
/// end, and one that became shorter is an error.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include <sys/stat.h>

namespace attnflow {

/// A file descriptor that is closed at the end of its life.
class Descriptor {
public:
    explicit Descriptor(int number = -1) : number_(number) {}
    Descriptor(Descriptor&& other) noexcept : number_(other.release()) {}
    Descriptor& operator=(Descriptor&& other) noexcept;
    ~Descriptor();
    int get() const { return number_; }
    explicit operator bool() const { return number_ >= 0; }
    int release();
    /// 0, or what the system reports (a full disk may first be noticed here).
    int close();

private:
    int number_;
};

/// What tells two states of a file apart without reading it. Time of the last change of its content, not of its
/// name or owner.
struct FileStamp {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::uint64_t bytes = 0;
    std::int64_t seconds = 0;
    std::int64_t nanoseconds = 0;
    bool operator==(const FileStamp&) const = default;
};
FileStamp stamp_of(const struct stat& status);

/// "a folder", "a pipe", "a device", "a socket", "a link", "a regular file".
std::string kind_of_file(mode_t mode);

class InputFile {
public:
    enum class Links { follow, refuse };  ///< whether the last part of a path may be a symbolic link

    /// Throws InputError, with the path and what it is, for everything but a regular file that can be read.
    static InputFile open(const std::string& path, Links links = Links::follow);
    /// The same for the name of a file in an open folder; a link is refused. `path` is for messages.
    static InputFile open_in(int folder, const std::string& name, const std::string& path);

    const std::string& path() const { return path_; }
    int descriptor() const { return file_.get(); }
    /// Bytes when it was opened.
    std::size_t size() const { return static_cast<std::size_t>(stamp_.bytes); }
    const FileStamp& stamp() const { return stamp_; }

    /// Fills `out` with the bytes from `offset` on. Throws InputError where the file ends before, because it was
    /// cut short, or cannot be read.
    void read(std::size_t offset, std::span<char> out) const;
    /// All of it. Throws InputError for more than `most_bytes`.
    std::string text(std::size_t most_bytes) const;

private:
    InputFile(Descriptor file, std::string path, const FileStamp& stamp)
        : file_(std::move(file)), path_(std::move(path)), stamp_(stamp) {}
    static InputFile open_at(int folder, const std::string& name, Links links, const std::string& path);

    Descriptor file_;
    std::string path_;
    FileStamp stamp_;
};

/// The whole of a file of at most `most_bytes`; throws as InputFile does.
std::string read_file(const std::string& path, std::size_t most_bytes);

/// Throws InputError unless the file at `path` is still the one of `stamp`, which says what became of it:
/// another file, cut short, written to, gone. A few microseconds.
void check_unchanged(const std::string& path, const FileStamp& stamp);

/// While one lives, the process remembers each file that InputFile opens, and OutputFile (output_file.hpp)
/// refuses to replace one of them: no command destroys its own input, under whatever name it is given. For
/// programs that do one thing and end; one that reads and rewrites the same file does without.
class ProtectInputs {
public:
    ProtectInputs();
    ~ProtectInputs();
    ProtectInputs(const ProtectInputs&) = delete;
    ProtectInputs& operator=(const ProtectInputs&) = delete;
};
/// Remembers a file that another library reads (SQLite). Nothing without a ProtectInputs.
void protect_input(const struct stat& status, const std::string& path);
/// Forgets a file: it is ours to make anew.
void release_input(const struct stat& status);
/// Whether it is one of them, and still at the path by which it was read (a number alone may be given anew).
bool is_protected_input(const struct stat& status);

}  // namespace attnflow
