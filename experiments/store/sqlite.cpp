#include "experiments/store/sqlite.hpp"

#include <filesystem>
#include <new>
#include <system_error>

#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

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
            return code == SQLITE_READONLY_CANTINIT || code == SQLITE_READONLY_RECOVERY
                       ? "; another process is changing it, try again"
                       : "; check that folder and file may be written";
        case SQLITE_CANTOPEN:
            return "; check that folder and file exist and may be read and written";
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

namespace {

constexpr const char* unfinished_log =
    ": holds what is not yet in the database, and the file -shm beside it, without which a reader would have to "
    "write, "
    "is missing; finish it with `run --resume`";

/// A path as a URI, in which SQLite takes parameters.
std::string uri_of(const std::string& path, const std::string& parameters) {
    std::string uri = "file://";
    for (const char c : path) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                           c == '/' || c == '.' || c == '_' || c == '-';
        uri += plain ? std::string(1, c) : fmt::format("%{:02x}", static_cast<unsigned char>(c));
    }
    return uri + "?" + parameters;
}

std::size_t bytes_of(const std::string& path) {
    struct stat status = {};
    return ::lstat(path.c_str(), &status) == 0 ? static_cast<std::size_t>(status.st_size) : 0;
}

bool is_there(const std::string& path) {
    struct stat status = {};
    return ::lstat(path.c_str(), &status) == 0;
}

/// Of a writer that begins or ends: how often it is worth while to look again.
int tries_after(int code) {
    if (code == SQLITE_READONLY_CANTINIT || code == SQLITE_READONLY_RECOVERY) return 50;
    if ((code & 0xff) == SQLITE_BUSY) return 5;
    return (code & 0xff) == SQLITE_CANTOPEN ? 3 : 1;
}

}  // namespace

Database::Database(const std::string& file, Access access) : file_(escape_controls(file)) {
    if (file == ":memory:") {
        open(file, access);
        return;
    }
    const std::string path = std::filesystem::absolute(file).string();
    const bool writes = access == Access::write || access == Access::create;
    check_store_files(path, writes ? Purpose::write : Purpose::read);
    files_ = std::make_unique<StoreFiles>(path, writes ? Purpose::write : Purpose::read);
    if (access == Access::read) {
        wait_for_readable(path);
    } else {
        open(path, access);
    }
}

void Database::open(const std::string& path, Access access) {
    std::string name = path;
    int flags = SQLITE_OPEN_NOMUTEX;
    switch (access) {
        case Access::glance:
            flags |= SQLITE_OPEN_READONLY | SQLITE_OPEN_URI;
            name = uri_of(path, "immutable=1");
            break;
        case Access::read:
            flags |= SQLITE_OPEN_READONLY | SQLITE_OPEN_URI;
            name = uri_of(path, "readonly_shm=1");
            break;
        case Access::write:
            flags |= SQLITE_OPEN_READWRITE;
            break;
        case Access::create:
            flags |= SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
            break;
    }
    sqlite3* handle = nullptr;
    const int code = sqlite3_open_v2(name.c_str(), &handle, flags, files_ ? files_->name() : nullptr);
    handle_.reset(handle);  // to be closed even after a failure
    if (code != SQLITE_OK) fail(code);
    sqlite3_extended_result_codes(handle, 1);
    sqlite3_busy_timeout(handle, 5000);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
    sqlite3_limit(handle, SQLITE_LIMIT_ATTACHED, 0);
    execute("PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY");
}

std::string Database::header(std::size_t offset, std::size_t count) const {
    // By SQLite's own handle: to open the file once more and close it would drop the locks of this process.
    sqlite3_file* file = nullptr;
    std::string bytes(count, '\0');
    if (sqlite3_file_control(handle_.get(), "main", SQLITE_FCNTL_FILE_POINTER, &file) != SQLITE_OK ||
        file == nullptr || file->pMethods == nullptr)
        return bytes;
    const int code =
        file->pMethods->xRead(file, bytes.data(), static_cast<int>(count), static_cast<sqlite3_int64>(offset));
    if (code != SQLITE_OK && code != SQLITE_IOERR_SHORT_READ) fail(code);
    return bytes;
}

/// Opens it so that SQLite writes nothing.
void Database::open_for_reading(const std::string& path) {
    open(path, Access::read);
    const bool has_memory = is_there(path + "-shm");
    // A writer would have both. What is there is all, unless the log holds more.
    if (bytes_of(path + "-wal") > 0 && !has_memory)
        throw InputError(escape_controls(path + "-wal") + unfinished_log);
    // Whether there is or was a write-ahead log (file format, section 1.3).
    if (header(18, 2) != "\2\2" || (is_there(path + "-wal") && has_memory)) return;
    open(path, Access::glance);
}

// A writer that begins or ends changes which files there are, and has moments in which a reader that may not write
// cannot start.
void Database::wait_for_readable(const std::string& path) {
    for (int i = 1;; ++i) {
        open_for_reading(path);
        const int code =
            sqlite3_exec(handle_.get(), "SELECT count(*) FROM sqlite_master", nullptr, nullptr, nullptr);
        if (code == SQLITE_OK) return;
        if (code == SQLITE_PROTOCOL) {
            // The log has no beginning that SQLite takes for one, as when a process is killed after it wrote the
            // first 32 bytes. One that may write takes it for empty; one that may not tries in vain.
            open(path, Access::glance);
            return;
        }
        if (i >= tries_after(code) || !files_->refusal().empty()) fail(code);
        ::usleep(100'000);
    }
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

bool Database::has_moved() const {
    if (!files_) return false;
    int moved = 0;
    return sqlite3_file_control(handle_.get(), "main", SQLITE_FCNTL_HAS_MOVED, &moved) == SQLITE_OK && moved != 0;
}

bool Database::in_transaction() const { return sqlite3_get_autocommit(handle_.get()) == 0; }

void Database::fail(int code) const {
    if (files_ && !files_->refusal().empty()) throw InputError(files_->refusal());
    if ((code & 0xff) == SQLITE_NOMEM) throw std::bad_alloc();
    const int extended = handle_ == nullptr ? code : sqlite3_extended_errcode(handle_.get());
    if (extended == SQLITE_READONLY_ROLLBACK) {
        throw InputError(fmt::format(
            "{0}-journal: a change of {0} was broken off, and undoing it writes; finish it with `run --resume`",
            file_));
    }
    std::string reason =
        escape_controls(handle_ == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(handle_.get()));
    const int system = handle_ == nullptr ? 0 : sqlite3_system_errno(handle_.get());
    if (system != 0) reason += fmt::format(" ({})", std::generic_category().message(system));
    throw InputError(fmt::format("{}: {}{}", file_, reason, hint(extended)));
}

}  // namespace attnflow::sqlite
