#include "experiments/store/sqlite_vfs.hpp"

#include <filesystem>

#include <sqlite3.h>

#include <catch2/catch.hpp>

#include "experiments/store/sqlite.hpp"
#include "graph/support/error.hpp"
#include "tests/experiments/store/hostile_journal.hpp"

using namespace attnflow;
using namespace attnflow::testing;
using sqlite::Database;
using sqlite::Purpose;
using sqlite::StoreFiles;

namespace {

namespace fs = std::filesystem;

struct Folder {
    TemporaryDirectory directory;
    std::string file = directory.file("db");
    std::string victim = directory.file("victim");
    Folder() {
        Database(file, Database::Access::create).execute("CREATE TABLE t(x); INSERT INTO t VALUES(1)");
        write_bytes(victim, "mine");
        write_bytes(file + "-journal", hostile_journal(file, victim));
    }
};

/// What SQLite answers to the first question, of a database opened under a file system of this name.
int first_answer(const std::string& file, int flags, const char* file_system) {
    sqlite3* handle = nullptr;
    int code = sqlite3_open_v2(file.c_str(), &handle, flags, file_system);
    if (code == SQLITE_OK) code = sqlite3_exec(handle, "SELECT count(*) FROM t", nullptr, nullptr, nullptr);
    sqlite3_close_v2(handle);
    return code;
}

}  // namespace

TEST_CASE("SQLite alone removes what a journal names: the attack is one", "[store][hostile]") {
    const Folder folder;
    CHECK(first_answer(folder.file, SQLITE_OPEN_READWRITE, nullptr) == SQLITE_OK);
    CHECK_FALSE(fs::exists(folder.victim));
}

TEST_CASE("the files of a database are all that SQLite may touch, without a check before", "[store][hostile]") {
    const Folder folder;
    const std::string journal = read_bytes(folder.file + "-journal");
    const std::string database = read_bytes(folder.file);
    for (const Purpose purpose : {Purpose::read, Purpose::write}) {
        for (const int flags : {SQLITE_OPEN_READWRITE, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE}) {
            const StoreFiles files(folder.file, purpose);
            CHECK(first_answer(folder.file, flags, files.name()) != SQLITE_OK);
            if (purpose == Purpose::write)
                CHECK(files.refusal().starts_with(folder.victim + ": is no file of this"));
            CHECK(read_bytes(folder.victim) == "mine");
            CHECK(read_bytes(folder.file + "-journal") == journal);
            CHECK(read_bytes(folder.file) == database);
        }
    }
    // Another database by these rules.
    const StoreFiles files(folder.file, Purpose::write);
    CHECK(first_answer(folder.victim, SQLITE_OPEN_READWRITE, files.name()) == SQLITE_CANTOPEN);
    CHECK(first_answer("db", SQLITE_OPEN_READWRITE, files.name()) == SQLITE_CANTOPEN);
}

TEST_CASE("a database reads and writes under the rules as without them", "[store]") {
    const TemporaryDirectory directory;
    const std::string file = directory.file("a b%20?mode=x#y");  // no part of a URI is taken for one
    {
        Database writer(file, Database::Access::create);
        writer.execute("PRAGMA journal_mode = WAL; CREATE TABLE t(x)");
        for (int i = 0; i < 100; ++i) writer.prepare("INSERT INTO t VALUES(?)").bind(std::int64_t{i}).run();
        Database reader(file, Database::Access::read);
        CHECK(reader.value("SELECT sum(x) FROM t") == "4950");
        writer.execute("INSERT INTO t VALUES(1000)");
        CHECK(reader.value("SELECT sum(x) FROM t") == "5950");
        CHECK_THROWS_AS(reader.execute("DELETE FROM t"), InputError);
        CHECK_FALSE(writer.has_moved());
        fs::rename(file, directory.file("elsewhere"));
        CHECK(writer.has_moved());
        fs::rename(directory.file("elsewhere"), file);
    }
    CHECK(Database(file, Database::Access::glance).value("SELECT sum(x) FROM t") == "5950");
    CHECK(Database(file, Database::Access::read).value("SELECT sum(x) FROM t") == "5950");
    CHECK_THROWS_AS(Database(directory.file("missing"), Database::Access::read), InputError);
    CHECK_THROWS_AS(Database(directory.file("missing"), Database::Access::write), InputError);
    CHECK_FALSE(fs::exists(directory.file("missing")));
    CHECK_THROWS_AS(Database(file, Database::Access::read).execute("ATTACH 'x' AS y"), InputError);
}

TEST_CASE("a log without a beginning, as a killed process may leave it, is read as empty", "[store]") {
    const TemporaryDirectory directory;
    const std::string file = directory.file("db");
    std::string log;
    {
        Database writer(file, Database::Access::create);
        writer.execute("PRAGMA journal_mode = WAL; CREATE TABLE t(x); INSERT INTO t VALUES(7)");
        writer.execute("PRAGMA wal_checkpoint(TRUNCATE); INSERT INTO t VALUES(8)");
        log = read_bytes(file + "-wal");
    }
    REQUIRE(log.size() > 1000);
    for (const std::string& left :
         {std::string(), log.substr(0, 10), log.substr(0, 32), log.substr(0, 500), "garbage" + log.substr(7)}) {
        write_bytes(file + "-wal", left);
        write_bytes(file + "-shm", std::string(32768, '\0'));
        INFO(left.size());
        CHECK(Database(file, Database::Access::read).value("SELECT sum(x) FROM t") == "15");
        CHECK(read_bytes(file + "-wal") == left);
        fs::remove(file + "-wal");
        fs::remove(file + "-shm");
    }
}
