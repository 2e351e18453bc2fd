#include "graph/support/files/output_file.hpp"

#include <atomic>
#include <filesystem>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "attention/files/safetensors_writer.hpp"
#include "graph/support/error.hpp"
#include "tests/attention/make_files.hpp"

using namespace attnflow;
using namespace attnflow::testing;
using Catch::Contains;

namespace fs = std::filesystem;

namespace {

std::vector<std::string> names_in(const fs::path& folder) {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder)) names.push_back(entry.path().filename().string());
    std::sort(names.begin(), names.end());
    return names;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("files are written whole or not at all", "[files]") {
    const TemporaryDirectory folder;
    const fs::path out = folder.file("deep/er");
    write_files(out, {{"a.txt", "one"}, {"b.txt", ""}});
    CHECK(read_bytes((out / "a.txt").string()) == "one");
    CHECK(fs::file_size(out / "b.txt") == 0);
    write_files(out, {{"a.txt", "two"}});
    CHECK(read_bytes((out / "a.txt").string()) == "two");
    // The second file cannot be made: the first keeps its content and nothing else is left.
    for (const char* name : {"missing/b.txt", "..", ".", ""}) {
        CHECK_THROWS_AS(write_files(out, {{"a.txt", "three"}, {name, "x"}}), InputError);
        CHECK(read_bytes((out / "a.txt").string()) == "two");
        CHECK(names_in(out) == Names{"a.txt", "b.txt"});
    }
}

TEST_CASE("a link, a pipe or a folder is not replaced by a file, nor written into", "[files]") {
    const TemporaryDirectory folder;
    write_bytes(folder.file("target"), "mine");
    fs::create_symlink(folder.file("target"), folder.file("link"));
    fs::create_symlink(folder.file("nowhere"), folder.file("dangling"));
    fs::create_directory(folder.file("folder"));
    REQUIRE(::mkfifo(folder.file("pipe").c_str(), 0600) == 0);
    const Names before = names_in(folder.path());
    const struct {
        std::string name, kind;
    } cases[] = {{"link", "a link"}, {"dangling", "a link"}, {"pipe", "a pipe"}, {"folder", "a folder"}};
    for (const auto& c : cases) {
        INFO(c.name);
        const std::string path = folder.file(c.name);
        const std::string expected = c.name + ": cannot be written: it is " + c.kind;
        CHECK_THROWS_WITH(write_files(fs::path(folder.path()), {{"other", "x"}, {c.name, "x"}}),
                          Contains(expected));
        CHECK_THROWS_WITH(write_file(path, "x"), Contains(expected));
        CHECK_THROWS_WITH(check_place(folder.path(), {c.name}), Contains(expected));
        CHECK_THROWS_WITH(write_safetensors(path, {}, {}), Contains(expected));
        CHECK_THROWS_WITH(SafetensorsWriter(path, {}, 0), Contains(expected));
        CHECK(names_in(folder.path()) == before);
    }
    CHECK(read_bytes(folder.file("target")) == "mine");
}

TEST_CASE("files that are read-only by their mode are kept", "[files]") {
    const TemporaryDirectory folder;
    write_bytes(folder.file("kept"), "mine");
    REQUIRE(::chmod(folder.file("kept").c_str(), 0444) == 0);
    CHECK_THROWS_WITH(write_file(folder.file("kept"), "x"), Contains("it is read-only"));
    CHECK(read_bytes(folder.file("kept")) == "mine");
}

TEST_CASE("a folder that is a link is entered where the user named it only", "[files]") {
    const TemporaryDirectory folder;
    fs::create_directory(folder.file("real"));
    fs::create_directory(folder.file("run"));
    fs::create_directory_symlink(folder.file("real"), folder.file("named"));
    fs::create_directory_symlink(folder.file("real"), folder.file("run/figures"));
    write_files(fs::path(folder.file("named")), {{"a", "x"}});
    CHECK(read_bytes(folder.file("real/a")) == "x");
    const OutputFolder run = OutputFolder::open(folder.file("run"));
    CHECK_THROWS_WITH(run.subfolder("figures"), Contains("it is a link, expected a folder"));
    fs::remove(folder.file("run/figures"));
    write_files(run.subfolder("figures"), {{"a", "y"}});
    CHECK(read_bytes(folder.file("run/figures/a")) == "y");
    CHECK_NOTHROW(run.check_there());
    fs::rename(folder.file("run"), folder.file("away"));
    CHECK_THROWS_WITH(run.check_there(), Contains("the folder was removed or replaced while it was used"));
    fs::remove_all(folder.file("away"));
    CHECK_THROWS_AS(write_files(run, {{"b", "x"}}), InputError);
    CHECK_FALSE(fs::exists(folder.file("run")));
}

TEST_CASE("writers of one file at the same time all succeed, and one of them wins", "[files]") {
    const TemporaryDirectory folder;
    std::vector<std::thread> threads;
    std::atomic<int> failures = 0;
    for (int t = 0; t < 8; ++t) {
        threads.emplace_back([&, t] {
            for (int i = 0; i < 20; ++i) {
                try {
                    write_file(folder.file("f"), std::string(1000, static_cast<char>('a' + t)));
                } catch (const std::exception&) {
                    ++failures;
                }
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(failures == 0);
    const std::string found = read_bytes(folder.file("f"));
    CHECK(found == std::string(1000, found.front()));
    CHECK(names_in(folder.path()) == Names{"f"});
}

TEST_CASE("what a killed writer left is removed by the next, and nothing else", "[files]") {
    const TemporaryDirectory folder;
    const std::string left = ".attnflow-0123456789abcdef.partial";
    const std::string at_work = ".attnflow-00000000000000aa.partial";
    const std::string just_made = ".attnflow-00000000000000bb.writing";
    const std::string old = ".attnflow-00000000000000cc.writing";
    const Names others{".attnflow-notes", ".attnflow-0123456789abcdeg.partial",
                       "x.attnflow-0123456789abcdef.partial"};
    for (const std::string& name : {left, at_work, just_made, old, others[0], others[1], others[2]})
        write_bytes(folder.file(name), "x");
    fs::last_write_time(folder.file(old), fs::file_time_type::clock::now() - std::chrono::hours(1));
    const Descriptor holder(::open(folder.file(at_work).c_str(), O_RDWR));
    REQUIRE(::flock(holder.get(), LOCK_EX) == 0);
    write_file(folder.file("new"), "x");
    Names expected = others;
    expected.insert(expected.end(), {at_work, just_made, "new"});
    std::sort(expected.begin(), expected.end());
    CHECK(names_in(folder.path()) == expected);
}

TEST_CASE("a process that is killed while it writes leaves the older file", "[files]") {
    const TemporaryDirectory folder;
    write_file(folder.file("f"), "old");
    const pid_t process = ::fork();
    if (process == 0) {
        const OutputFolder open = OutputFolder::open(folder.path());
        OutputFile file(open, "f");
        file.write(0, "new");
        file.sync();
        ::kill(::getpid(), SIGKILL);
    }
    int status = 0;
    ::waitpid(process, &status, 0);
    CHECK(WIFSIGNALED(status));
    CHECK(read_bytes(folder.file("f")) == "old");
    CHECK(names_in(folder.path()) == Names{"f"});
}

TEST_CASE("no process replaces its own input, by whatever name", "[files]") {
    const TemporaryDirectory folder;
    write_bytes(folder.file("input"), "mine");
    fs::create_symlink(folder.file("input"), folder.file("link"));
    fs::create_hard_link(folder.file("input"), folder.file("second"));
    {
        const ProtectInputs protect;
        CHECK(read_file(folder.file("link"), 100) == "mine");
        for (const char* name : {"input", "second"}) {
            CHECK_THROWS_WITH(write_file(folder.file(name), "x"), Contains("it is what this command reads"));
            CHECK_THROWS_WITH(check_place(folder.path(), {name}), Contains("it is what this command reads"));
        }
        CHECK(read_bytes(folder.file("input")) == "mine");
        // Another file by the same number is none of the inputs.
        fs::remove(folder.file("second"));
        fs::rename(folder.file("input"), folder.file("other"));
        write_file(folder.file("other"), "x");
        // What is said to be made anew may be.
        write_bytes(folder.file("own"), "damaged");
        CHECK(read_file(folder.file("own"), 100) == "damaged");
        struct stat status = {};
        REQUIRE(::stat(folder.file("own").c_str(), &status) == 0);
        release_input(status);
        write_file(folder.file("own"), "whole");
    }
    CHECK(read_file(folder.file("own"), 100) == "whole");
    write_file(folder.file("own"), "again");  // without a ProtectInputs
}

TEST_CASE("scratch folders go at the end, and those of killed processes at the next beginning", "[files]") {
    const fs::path place = fs::temp_directory_path();
    const fs::path left = place / "attnflow-scratch-00000000000000aa";
    const fs::path used = place / "attnflow-scratch-00000000000000bb";
    const fs::path others = place / "attnflow-scratch-notes";
    for (const fs::path& folder : {left, used, others}) {
        fs::create_directories(folder / "deep");
        fs::last_write_time(folder, fs::file_time_type::clock::now() - std::chrono::hours(1));
    }
    const Descriptor holder(::open(used.c_str(), O_RDONLY | O_DIRECTORY));
    REQUIRE(::flock(holder.get(), LOCK_EX) == 0);
    fs::path made;
    {
        const ScratchFolder folder;
        made = folder.path();
        CHECK(fs::status(made).permissions() == fs::perms::owner_all);
        CHECK(::write(folder.create("a").get(), "x", 1) == 1);
        CHECK_THROWS_AS(folder.create("a"), InputError);
        CHECK_FALSE(fs::exists(left));
        CHECK(fs::exists(used));
        CHECK(fs::exists(others));
    }
    CHECK_FALSE(fs::exists(made));
    fs::remove_all(used);
    fs::remove_all(others);
}

TEST_CASE("a lock is held by one process at a time and is no link", "[files]") {
    const TemporaryDirectory folder;
    const OutputFolder open = OutputFolder::open(folder.path());
    {
        const LockFile lock(open, "lock", "held");
        CHECK(message_of<InputError>([&] { LockFile(open, "lock", "held"); }) == "held");
    }
    CHECK_NOTHROW(LockFile(open, "lock", "held"));
    write_bytes(folder.file("victim"), "mine");
    fs::create_symlink(folder.file("victim"), folder.file("link"));
    REQUIRE(::mkfifo(folder.file("pipe").c_str(), 0600) == 0);
    CHECK_THROWS_WITH(LockFile(open, "link", "held"), Contains("it is a link, expected a regular file"));
    CHECK_THROWS_WITH(LockFile(open, "pipe", "held"), Contains("it is a pipe, expected a regular file"));
}
