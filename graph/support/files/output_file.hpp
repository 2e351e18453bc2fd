#pragma once
/// The one place where the program writes files.
///
/// A file is there whole or not at all. It is written without a name in the folder where it is to be (with a
/// random one where the file system knows no files without names), synced, and then given its name in one step, in
/// place of an older file of that name. So a full disk or a killed process leaves the older file as it
/// was, two processes that write one file both succeed, and nothing is written through a link or into a pipe,
/// because nothing that has the name is ever opened. What a killed process could not take away, in the moment
/// between two names, the next one that writes there does.
///
/// Replaced are regular files only, none that is read-only by its mode, and no input of this process
/// (ProtectInputs).

#include <atomic>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "graph/support/files/input_file.hpp"

namespace attnflow {

/// An open folder: what is done in it is done there, even if its path leads elsewhere by then.
class OutputFolder {
public:
    /// Opens the folder at `path`, which the user named: links on the way are followed. Throws InputError.
    static OutputFolder open(const std::filesystem::path& path);
    /// Makes it first, with those above it, unless it is there.
    static OutputFolder make(const std::filesystem::path& path);
    /// A folder in this one, made unless it is there. A link of that name is refused: nobody chose where it leads.
    OutputFolder subfolder(const std::string& name) const;

    int descriptor() const { return folder_.get(); }
    const std::filesystem::path& path() const { return path_; }
    /// Removes the file `name`, or a link of that name itself; nothing when there is none.
    void remove(const std::string& name) const;
    /// Gives the file `from` the name `to`, in place of what has it.
    void rename(const std::string& from, const std::string& to) const;
    /// Throws InputError unless its path still leads to this folder.
    void check_there() const;
    /// Throws InputError where the name is taken by what would not be replaced.
    void check_replaceable(const std::string& name) const;
    /// Asks the system to keep the names; not all file systems do.
    void sync() const;
    /// Removes what killed processes left.
    void sweep() const;

private:
    OutputFolder(Descriptor folder, std::filesystem::path path);

    Descriptor folder_;
    std::filesystem::path path_;
};

class OutputFile {
public:
    /// Begins `name` in a folder, which must outlive it. Throws InputError where the name is taken by something
    /// that would not be replaced, or nothing can be written.
    OutputFile(const OutputFolder& folder, const std::string& name);
    OutputFile(OutputFile&& other) noexcept;
    OutputFile& operator=(OutputFile&&) = delete;
    /// Leaves nothing of a file that was not published.
    ~OutputFile();

    std::filesystem::path path() const { return folder_->path() / name_; }
    /// All throw InputError with the system's reason. May be called by several threads, each with its own range.
    void write(std::size_t offset, std::string_view bytes);
    void resize(std::size_t bytes);
    /// Puts what was written on the disk.
    void sync();
    /// Syncs, and gives the file its name.
    void publish();

private:
    [[noreturn]] void fail(int error) const;
    bool link_to(const std::string& name);

    const OutputFolder* folder_;
    std::string name_;
    std::string temporary_;  ///< its name meanwhile, "" for none
    Descriptor file_;
};

/// Files by name, with their content.
using NamedFiles = std::vector<std::pair<std::string, std::string>>;

/// Writes all files into `folder`: first the content of each, then the names, so that a full disk leaves every
/// older file as it was.
void write_files(const OutputFolder& folder, const NamedFiles& files);
/// The same into the folder at `path`, which is made if needed.
void write_files(const std::filesystem::path& path, const NamedFiles& files);
/// One file, in the folder of `path`, which must be there.
void write_file(const std::filesystem::path& path, const std::string& content);

/// The folder of `path`, "." for a name alone.
std::filesystem::path folder_of(const std::filesystem::path& path);

/// What write_files() would throw of the place of files `names` in the folder at `path`, before the work that
/// makes them. Changes nothing.
void check_place(const std::filesystem::path& path, const std::vector<std::string>& names);

/// A folder for this process below the system's temporary folder, removed with all it holds at the end. What
/// killed processes left of theirs is removed at the beginning.
class ScratchFolder {
public:
    ScratchFolder();
    ~ScratchFolder();
    ScratchFolder(const ScratchFolder&) = delete;
    ScratchFolder& operator=(const ScratchFolder&) = delete;
    const std::filesystem::path& path() const { return path_; }
    /// A new empty file in it, open for writing.
    Descriptor create(const std::string& name) const;

private:
    std::filesystem::path path_;
    Descriptor folder_;  // locked, so that nobody takes it for one that was left
};

/// A file that exists to be locked, made if needed, by one process at a time; the system lets go of it when the
/// process ends, however.
class LockFile {
public:
    /// Throws InputError: for a link or what else is no regular file, one that cannot be locked; and with
    /// `held_message` when another process holds it.
    LockFile(const OutputFolder& folder, const std::string& name, const std::string& held_message);

private:
    Descriptor file_;
};

/// Makes one process after the other do what has the same name, where all want one file that is long in the
/// making: who waited finds it made. Where the file system has no locks, nobody waits.
class Turn {
public:
    /// Waits while another process has it. Throws Stopped when `stop` becomes true, InputError.
    Turn(const OutputFolder& folder, const std::string& name, const std::atomic<bool>* stop);
    ~Turn();
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

private:
    const OutputFolder* folder_;
    std::string name_;
    Descriptor file_;
};

}  // namespace attnflow
