#pragma once
/// What SQLite may touch: the files of one database, and nothing else.
///
/// SQLite takes names from the files that it opens. A rollback journal may name a "super-journal", which is
/// removed when the journal was rolled back; a planted one makes that any file of the user. And a link or a pipe
/// beside the database is followed or waited at. So each connection opens its files through StoreFiles, which
///
///   - knows the database FILE with FILE-journal, FILE-wal and FILE-shm, and refuses every other name;
///   - refuses them where they are no regular files, and for writing where they have a second name (a hard link),
///     under which something else would change too;
///   - follows no link in the last part of a path;
///   - lets a reader make, change and remove nothing: no roll-back, no log, no shared memory.

#include <memory>
#include <string>

namespace attnflow::sqlite {

enum class Purpose { read, write };

/// Throws InputError where a file of the database `file` is a link or something else that is no regular file, or,
/// for `write`, has a second name; and where the journal names another file, which one of ours never does. Nothing
/// is opened that is no regular file.
void check_store_files(const std::string& file, Purpose purpose);

/// While it lives, SQLite knows the rules above under its name(): what to hand to sqlite3_open_v2().
class StoreFiles {
public:
    /// `file` is an absolute path.
    StoreFiles(const std::string& file, Purpose purpose);
    ~StoreFiles();
    StoreFiles(const StoreFiles&) = delete;
    StoreFiles& operator=(const StoreFiles&) = delete;

    const char* name() const;
    /// What SQLite was refused first, "" for nothing; its own message would be "disk I/O error".
    const std::string& refusal() const;

    struct State;

private:
    std::unique_ptr<State> state_;
};

}  // namespace attnflow::sqlite
