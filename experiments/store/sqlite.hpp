#pragma once
/// SQLite behind a few types that release what they hold. sqlite3.h stays in sqlite.cpp.
///
/// Every failure is an InputError "FILE: what SQLite says", with a hint where one helps (disk
/// full, damaged, in use). Not for use by two threads at once.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "experiments/store/sqlite_vfs.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace attnflow::sqlite {

class Database;

/// A prepared statement. Parameters are bound in order; a column that is read stays valid
/// until the next step().
class Statement {
public:
    Statement& bind(std::int64_t value);
    Statement& bind(std::size_t value) { return bind(static_cast<std::int64_t>(value)); }
    Statement& bind(double value);
    Statement& bind(std::string_view text);
    Statement& bind(std::span<const std::byte> blob);
    Statement& bind_null();

    /// True when there is a row; afterwards, or when false, bind() starts with the first parameter again.
    bool step();
    /// Steps to the end.
    void run();

    bool is_null(int column) const;
    std::int64_t integer(int column) const;
    /// Throws InputError for a negative number: the store holds none where this is used.
    std::size_t index(int column) const;
    double real(int column) const;
    std::string_view text(int column) const;
    std::span<const std::byte> blob(int column) const;

private:
    friend class Database;
    struct Finalize {
        void operator()(sqlite3_stmt* statement) const;
    };
    Statement(Database& database, sqlite3_stmt* statement) : database_(&database), statement_(statement) {}
    void check(int code) const;
    void rewind();

    Database* database_;
    std::unique_ptr<sqlite3_stmt, Finalize> statement_;
    int bound_ = 0;
    bool stepping_ = false;
};

class Database {
public:
    /// read: what others write meanwhile is seen between transactions; nothing is made, changed or removed.
    /// glance: what the file itself holds, without regard to a journal or to others at work, for what such a state
    /// cannot change.
    enum class Access { glance, read, write, create };

    /// `file` may be ":memory:". Functions and virtual tables named in the file's own schema are not trusted, and
    /// no file but those of the database is touched (sqlite_vfs.hpp). Throws InputError for reading where a
    /// roll-back is due, which writes.
    Database(const std::string& file, Access access);
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;

    const std::string& file() const { return file_; }
    void execute(const std::string& sql);
    /// False when another process' use of the file stood in the way (after the usual wait).
    bool try_execute(const std::string& sql);
    Statement prepare(std::string_view sql);
    /// The first column of the first row, as text.
    std::string value(const std::string& sql);

    /// Bytes of the file as they are, zeros beyond its end.
    std::string header(std::size_t offset, std::size_t count) const;

    bool in_transaction() const;
    /// Whether the file is no longer where it was opened: removed, or another one in its place.
    bool has_moved() const;

    [[noreturn]] void fail(int code) const;

private:
    friend class Statement;
    struct Close {
        void operator()(sqlite3* handle) const;
    };
    void open(const std::string& path, Access access);
    void open_for_reading(const std::string& path);
    void wait_for_readable(const std::string& path);

    std::string file_;
    std::unique_ptr<StoreFiles> files_;  // outlives the handle, which uses it
    std::unique_ptr<sqlite3, Close> handle_;
};

}  // namespace attnflow::sqlite
