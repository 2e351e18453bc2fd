#include "experiments/store/sqlite.hpp"

#include <fmt/format.h>
#include <sqlite3.h>

#include "graph/support/error.hpp"
#include "graph/support/text.hpp"

namespace attnflow::sqlite {
namespace {

const char* hint(int code) {
    switch (code & 0xff) {
        case SQLITE_FULL:
            return "; free space on that disk, then finish the run with --resume";
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
            return "; the file is damaged or none of ours";
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            return "; another process uses it";
        case SQLITE_READONLY:
        case SQLITE_CANTOPEN:
            return "; check that folder and file exist and may be written";
        default:
            return "";
    }
}

}  // namespace

void Statement::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
void Database::Close::operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }

void Statement::check(int code) const {
    if (code != SQLITE_OK) database_->fail(code);
}

void Statement::rewind() {
    sqlite3_reset(statement_.get());  // repeats the error of the last step, which was reported then
    stepping_ = false;
    bound_ = 0;
}

Statement& Statement::bind(std::int64_t value) {
    if (stepping_) rewind();
    check(sqlite3_bind_int64(statement_.get(), ++bound_, value));
    return *this;
}

Statement& Statement::bind(double value) {
    if (stepping_) rewind();
    check(sqlite3_bind_double(statement_.get(), ++bound_, value));
    return *this;
}

Statement& Statement::bind(std::string_view text) {
    if (stepping_) rewind();
    check(sqlite3_bind_text64(statement_.get(), ++bound_, text.data() == nullptr ? "" : text.data(), text.size(),
                              SQLITE_TRANSIENT, SQLITE_UTF8));
    return *this;
}

Statement& Statement::bind(std::span<const std::byte> blob) {
    if (stepping_) rewind();
    check(blob.empty()
              ? sqlite3_bind_zeroblob(statement_.get(), ++bound_, 0)
              : sqlite3_bind_blob64(statement_.get(), ++bound_, blob.data(), blob.size(), SQLITE_TRANSIENT));
    return *this;
}

Statement& Statement::bind_null() {
    if (stepping_) rewind();
    check(sqlite3_bind_null(statement_.get(), ++bound_));
    return *this;
}

bool Statement::step() {
    stepping_ = true;
    const int code = sqlite3_step(statement_.get());
    if (code == SQLITE_ROW) return true;
    rewind();
    if (code != SQLITE_DONE) database_->fail(code);
    return false;
}

void Statement::run() {
    while (step()) {
    }
}

bool Statement::is_null(int column) const { return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL; }

std::int64_t Statement::integer(int column) const { return sqlite3_column_int64(statement_.get(), column); }

std::size_t Statement::index(int column) const {
    const std::int64_t value = integer(column);
    if (value < 0) throw InputError(fmt::format("{}: holds the index {}: damaged", database_->file(), value));
    return static_cast<std::size_t>(value);
}

double Statement::real(int column) const { return sqlite3_column_double(statement_.get(), column); }

std::string_view Statement::text(int column) const {
    const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(statement_.get(), column));
    if (data == nullptr) return {};
    return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

std::span<const std::byte> Statement::blob(int column) const {
    const auto* data = static_cast<const std::byte*>(sqlite3_column_blob(statement_.get(), column));
    if (data == nullptr) return {};
    return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

Database::Database(const std::string& file, Access access) : file_(escape_controls(file)) {
    int flags = SQLITE_OPEN_NOMUTEX;
    flags |= access == Access::read ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
    if (access == Access::create) flags |= SQLITE_OPEN_CREATE;
    sqlite3* handle = nullptr;
    const int code = sqlite3_open_v2(file.c_str(), &handle, flags, nullptr);
    handle_.reset(handle);  // to be closed even after a failure
    if (code != SQLITE_OK) fail(code);
    sqlite3_extended_result_codes(handle, 1);
    sqlite3_busy_timeout(handle, 5000);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
    execute("PRAGMA cell_size_check = ON");
}

void Database::execute(const std::string& sql) {
    const int code = sqlite3_exec(handle_.get(), sql.c_str(), nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) fail(code);
}

bool Database::try_execute(const std::string& sql) {
    const int code = sqlite3_exec(handle_.get(), sql.c_str(), nullptr, nullptr, nullptr);
    if (code != SQLITE_OK && (code & 0xFF) != SQLITE_BUSY && (code & 0xFF) != SQLITE_LOCKED) fail(code);
    return code == SQLITE_OK;
}

Statement Database::prepare(std::string_view sql) {
    sqlite3_stmt* statement = nullptr;
    const int code =
        sqlite3_prepare_v2(handle_.get(), sql.data(), static_cast<int>(sql.size()), &statement, nullptr);
    if (code != SQLITE_OK) fail(code);
    return Statement(*this, statement);
}

std::string Database::value(const std::string& sql) {
    Statement statement = prepare(sql);
    return statement.step() ? std::string(statement.text(0)) : "";
}

bool Database::in_transaction() const { return sqlite3_get_autocommit(handle_.get()) == 0; }

void Database::fail(int code) const {
    const char* reason = handle_ == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(handle_.get());
    throw InputError(fmt::format("{}: {}{}", file_, escape_controls(reason), hint(code)));
}

}  // namespace attnflow::sqlite
