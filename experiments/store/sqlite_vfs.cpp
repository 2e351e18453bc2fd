#include "experiments/store/sqlite_vfs.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string_view>

#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include "graph/support/error.hpp"
#include "graph/support/files/input_file.hpp"
#include "graph/support/text.hpp"

namespace attnflow::sqlite {
namespace {

constexpr const char* endings[] = {"", "-journal", "-wal", "-shm"};

/// "" or why the file of this name may not be opened; one that is not there may.
std::string obstacle(const std::string& path, Purpose purpose) {
    struct stat status = {};
    if (::lstat(path.c_str(), &status) != 0)
        return errno == ENOENT || errno == ENOTDIR ? ""
                                                   : std::string("cannot be examined: ") + std::strerror(errno);
    if (!S_ISREG(status.st_mode))
        return fmt::format("is {}, expected a regular file; it was not opened", kind_of_file(status.st_mode));
    if (purpose == Purpose::write && status.st_nlink > 1) {
        return fmt::format(
            "has {} names (hard links), and what is written would change under all of them; expected a file of "
            "its "
            "own, as `cp` makes",
            status.st_nlink);
    }
    return "";
}

/// The end of a journal that names a super-journal: name, its length, a checksum, a mark (file format, section 3).
bool names_another_file(const std::string& journal) {
    struct stat status = {};
    if (::lstat(journal.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return false;
    constexpr std::string_view mark("\xd9\xd5\x05\xf9\x20\xa1\x63\xd7", 8);
    constexpr std::size_t tail = 16;
    const InputFile file = InputFile::open(journal, InputFile::Links::refuse);
    if (file.size() < tail) return false;
    char bytes[tail] = {};
    file.read(file.size() - tail, bytes);
    return std::string_view(bytes + 8, 8) == mark && std::string_view(bytes, 4) != std::string_view("\0\0\0\0", 4);
}

}  // namespace

void check_store_files(const std::string& file, Purpose purpose) {
    for (const char* ending : endings) {
        const std::string why = obstacle(file + ending, purpose);
        if (!why.empty()) throw InputError(fmt::format("{}: {}", escape_controls(file + ending), why));
    }
    const std::string journal = file + "-journal";
    if (!names_another_file(journal)) return;
    throw InputError(
        fmt::format("{}: names another file, which would be removed; no journal of attnflow does. Somebody "
                    "changed this folder: do "
                    "not trust it, or remove the journal",
                    escape_controls(journal)));
}

struct StoreFiles::State {
    std::string file;
    Purpose purpose;
    std::string name;
    std::string refusal = {};
    sqlite3_vfs* base = sqlite3_vfs_find(nullptr);
    sqlite3_vfs vfs = {};

    bool is_own(const char* path) const {
        return std::any_of(std::begin(endings), std::end(endings),
                           [&](const char* ending) { return file + ending == path; });
    }
    bool refuse(const std::string& why) {
        if (refusal.empty()) refusal = why;
        return false;
    }
    /// Notes the reason when not.
    bool may_touch(const char* path) {
        const std::string shown = escape_controls(path);
        if (!is_own(path)) return refuse(shown + ": is no file of this database, so it is left alone");
        const std::string why = obstacle(path, purpose);
        return why.empty() || refuse(shown + ": " + why);
    }
};

namespace {

StoreFiles::State& state_of(sqlite3_vfs* vfs) { return *static_cast<StoreFiles::State*>(vfs->pAppData); }
sqlite3_vfs* base_of(sqlite3_vfs* vfs) { return state_of(vfs).base; }

int open_file(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags, int* out_flags) {
    StoreFiles::State& state = state_of(vfs);
    file->pMethods = nullptr;  // nothing to close unless the base opens it
    // Without a name: a temporary file that SQLite makes, opens and removes by itself.
    if (path == nullptr) return state.base->xOpen(state.base, path, file, flags, out_flags);
    if (!state.may_touch(path)) return SQLITE_CANTOPEN;
    if (state.purpose == Purpose::read) {
        flags &= ~(SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_DELETEONCLOSE);
        flags |= SQLITE_OPEN_READONLY;
    }
    const int code = state.base->xOpen(state.base, path, file, flags, out_flags);
    struct stat status = {};
    if (code == SQLITE_OK && state.file == path && ::lstat(path, &status) == 0) protect_input(status, path);
    return code;
}

int delete_file(sqlite3_vfs* vfs, const char* path, int sync) {
    StoreFiles::State& state = state_of(vfs);
    if (!state.may_touch(path)) return SQLITE_IOERR_DELETE;
    if (state.purpose == Purpose::write) return state.base->xDelete(state.base, path, sync);
    state.refuse(escape_controls(path) + ": is to be removed, which a reader does not do");
    return SQLITE_IOERR_DELETE;
}

int access_file(sqlite3_vfs* vfs, const char* path, int flags, int* result) {
    StoreFiles::State& state = state_of(vfs);
    *result = 0;
    if (!state.may_touch(path)) return SQLITE_IOERR_ACCESS;
    return state.base->xAccess(state.base, path, flags, result);
}

/// As it is: the base would follow links.
int full_path(sqlite3_vfs*, const char* path, int room, char* out) {
    const std::string_view text(path);
    if (text.empty() || text.front() != '/' || text.size() + 1 > static_cast<std::size_t>(room))
        return SQLITE_CANTOPEN;
    std::memcpy(out, path, text.size() + 1);
    return SQLITE_OK;
}

void no_library_error(sqlite3_vfs*, int room, char* out) {
    if (room > 0) *out = '\0';
}

}  // namespace

StoreFiles::StoreFiles(const std::string& file, Purpose purpose)
    : state_(new State{.file = file, .purpose = purpose, .name = {}}) {
    State& state = *state_;
    if (state.base == nullptr) throw InternalError("SQLite knows no file system");
    state.name = fmt::format("attnflow-{}", static_cast<const void*>(&state));
    sqlite3_vfs& vfs = state.vfs;
    vfs.iVersion = 2;
    vfs.szOsFile = state.base->szOsFile;
    vfs.mxPathname = state.base->mxPathname;
    vfs.zName = state.name.c_str();
    vfs.pAppData = &state;
    vfs.xOpen = open_file;
    vfs.xDelete = delete_file;
    vfs.xAccess = access_file;
    vfs.xFullPathname = full_path;
    vfs.xDlOpen = [](sqlite3_vfs*, const char*) -> void* { return nullptr; };
    vfs.xDlError = no_library_error;
    vfs.xDlSym = [](sqlite3_vfs*, void*, const char*) -> void (*)() { return nullptr; };
    vfs.xDlClose = [](sqlite3_vfs*, void*) {};
    vfs.xRandomness = [](sqlite3_vfs* v, int n, char* out) { return base_of(v)->xRandomness(base_of(v), n, out); };
    // Not long at a time: a reader that waits for what cannot come would do so for ten seconds.
    vfs.xSleep = [](sqlite3_vfs* v, int us) {
        const bool reads = state_of(v).purpose == Purpose::read;
        return base_of(v)->xSleep(base_of(v), reads ? std::min(us, 20'000) : us);
    };
    vfs.xCurrentTime = [](sqlite3_vfs* v, double* out) { return base_of(v)->xCurrentTime(base_of(v), out); };
    vfs.xGetLastError = [](sqlite3_vfs* v, int n, char* out) {
        return base_of(v)->xGetLastError(base_of(v), n, out);
    };
    vfs.xCurrentTimeInt64 = [](sqlite3_vfs* v, sqlite3_int64* out) {
        return base_of(v)->xCurrentTimeInt64(base_of(v), out);
    };
    if (sqlite3_vfs_register(&vfs, 0) != SQLITE_OK) throw InternalError("SQLite takes no file system");
}

StoreFiles::~StoreFiles() { sqlite3_vfs_unregister(&state_->vfs); }

const char* StoreFiles::name() const { return state_->name.c_str(); }
const std::string& StoreFiles::refusal() const { return state_->refusal; }

}  // namespace attnflow::sqlite
