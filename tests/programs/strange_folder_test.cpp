/// A run folder that somebody else made: whatever lies in it, reading it writes, removes and follows nothing, and
/// writing in it stays in it.

#include <algorithm>
#include <filesystem>
#include <map>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "experiments/cli/app.hpp"
#include "experiments/run_folder.hpp"
#include "experiments/store/sqlite.hpp"
#include "tests/experiments/store/hostile_journal.hpp"
#include "tests/run_command.hpp"

using namespace attnflow;
using attnflow::testing::CommandResult;
using attnflow::testing::hostile_journal;
using attnflow::testing::message_of;
using attnflow::testing::read_bytes;
using attnflow::testing::TemporaryDirectory;
using attnflow::testing::write_bytes;
using attnflow::testing::write_small_dataset;
using Catch::Contains;

namespace {

namespace fs = std::filesystem;

/// Everything below a folder: kind, content or target.
std::map<std::string, std::string> state_of(const fs::path& folder) {
    std::map<std::string, std::string> state;
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
        const auto status = entry.symlink_status();
        std::string& what = state[fs::relative(entry.path(), folder).string()];
        if (fs::is_symlink(status)) {
            what = "link to " + fs::read_symlink(entry.path()).string();
        } else if (fs::is_regular_file(status)) {
            what = "file " + read_bytes(entry.path().string());
        } else {
            what = fs::is_directory(status) ? "folder" : "special";
        }
    }
    return state;
}

struct Bench {
    TemporaryDirectory folder;
    std::string config = folder.file("grid.toml");
    fs::path run = folder.file("run");
    std::string victim = folder.file("victim");

    Bench() {
        write_small_dataset(folder.file("data.safetensors"), 2, 1, {3, 4, 5});
        write_bytes(config,
                    "methods = [\"rollout\", \"attention_flow\"]\ndataset.path = \"data.safetensors\"\n"
                    "evaluation.references = [\"blank_out\"]\nstatistics.resamples = 100\n");
        write_bytes(victim, "mine");
        REQUIRE(command({"run", config, "--out", run.string(), "--quiet"}).exit_code == exit_done);
    }
    CommandResult command(const std::vector<std::string>& words) const {
        return attnflow::testing::attnflow(words, folder.path());
    }
    /// Each command that reads a run, on this one; `run` to be refused.
    std::vector<std::vector<std::string>> readers() const {
        return {{"show", run.string()},
                {"report", run.string(), "--out", folder.file("page.html")},
                {"figures", run.string(), "--format", "csv", "--out", folder.file("figures")},
                {"merge", run.string(), "--out", folder.file("merged")},
                {"run", config, "--out", run.string()}};
    }
    std::vector<std::vector<std::string>> writers() const {
        return {{"evaluate", run.string()},
                {"run", config, "--out", run.string(), "--resume", "--quiet"},
                {"run", config, "--out", run.string(), "--overwrite", "--quiet"},
                {"merge", folder.file("kept"), "--out", run.string(), "--overwrite", "--quiet"}};
    }
    std::vector<std::vector<std::string>> all() const {
        auto commands = readers();
        for (auto& words : writers()) commands.push_back(std::move(words));
        return commands;
    }
    std::string own(const std::string& ending) const { return (run / ("run.sqlite" + ending)).string(); }
};

}  // namespace

TEST_CASE("a journal that names another file is refused by every command, and the file stays",
          "[store][hostile]") {
    const Bench bench;
    fs::copy(bench.run, bench.folder.file("kept"));
    write_bytes(bench.own("-journal"), hostile_journal(bench.own(""), bench.victim));
    const auto before = state_of(bench.run);
    for (const auto& words : bench.all()) {
        const auto result = bench.command(words);
        INFO(words[0] << " " << words.back() << ": " << result.err);
        CHECK(result.exit_code == exit_bad_input);
        CHECK_THAT(result.err, Contains("run.sqlite-journal: names another file"));
        CHECK(read_bytes(bench.victim) == "mine");
        CHECK(state_of(bench.run) == before);
    }
}

TEST_CASE("readers refuse a run whose change was broken off, by the name of the journal, and --resume mends it",
          "[store][hostile]") {
    const Bench bench;
    write_bytes(bench.own("-journal"), hostile_journal(bench.own(""), ""));
    const auto before = state_of(bench.run);
    for (const auto& words : bench.readers()) {
        const auto result = bench.command(words);
        INFO(words[0] << ": " << result.err);
        CHECK(result.exit_code == exit_bad_input);
        if (words[0] != "run") CHECK_THAT(result.err, Contains("run.sqlite-journal: a change"));
        CHECK_THAT(result.err, Contains("--resume"));
        CHECK(state_of(bench.run) == before);
    }
    const auto evaluated = bench.command({"evaluate", bench.run.string()});
    CHECK(evaluated.exit_code == exit_bad_input);
    CHECK_THAT(evaluated.err, Contains("finish it with `run --resume`"));
    CHECK(state_of(bench.run) == before);
    const auto resumed = bench.command({"run", bench.config, "--out", bench.run.string(), "--resume", "--quiet"});
    INFO(resumed.err);
    CHECK(resumed.exit_code == exit_done);
    CHECK_FALSE(fs::exists(bench.own("-journal")));
    CHECK(bench.command({"show", bench.run.string()}).exit_code == exit_done);
}

TEST_CASE("links, pipes and folders under the names of a run are refused by every command", "[store][hostile]") {
    const Bench bench;
    fs::copy(bench.run, bench.folder.file("kept"));
    for (const std::string name :
         {"run.sqlite", "run.sqlite-journal", "run.sqlite-wal", "run.sqlite-shm", "run.lock"}) {
        for (const std::string kind : {"link", "dangling link", "pipe", "folder"}) {
            const fs::path path = bench.run / name;
            const bool store = name == "run.sqlite";
            fs::remove(path);
            if (kind == "link")
                fs::create_symlink(store ? bench.folder.file("kept/run.sqlite") : bench.victim, path);
            if (kind == "dangling link") fs::create_symlink(bench.folder.file("nowhere"), path);
            if (kind == "pipe") REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
            if (kind == "folder") fs::create_directory(path);
            const auto before = state_of(bench.run);
            const auto kept = state_of(bench.folder.file("kept"));
            for (const auto& words : bench.all()) {
                const auto result = bench.command(words);
                INFO(name << " as a " << kind << ", " << words[0] << " " << words.back() << ": " << result.err);
                CHECK(result.exit_code == exit_bad_input);
                CHECK_THAT(result.err, Contains(name + ": "));
                CHECK(state_of(bench.run) == before);
            }
            CHECK(read_bytes(bench.victim) == "mine");
            CHECK_FALSE(fs::exists(bench.folder.file("nowhere")));
            CHECK(state_of(bench.folder.file("kept")) == kept);
            fs::remove_all(path);
            if (store) fs::copy(bench.folder.file("kept/run.sqlite"), path);
        }
    }
}

TEST_CASE("files of a run that have a second name are read and not written", "[store][hostile]") {
    const Bench bench;
    fs::copy(bench.run, bench.folder.file("kept"));
    fs::create_hard_link(bench.own(""), bench.folder.file("second"));
    const std::string before = read_bytes(bench.folder.file("second"));
    CHECK(bench.command({"show", bench.run.string()}).exit_code == exit_done);
    for (const auto& words : bench.writers()) {
        const auto result = bench.command(words);
        INFO(words[0] << " " << words.back() << ": " << result.err);
        const bool anew = words[words.size() - 2] == "--overwrite";
        CHECK(result.exit_code == (anew ? exit_done : exit_bad_input));
        if (!anew) CHECK_THAT(result.err, Contains("has 2 names (hard links)"));
        CHECK(read_bytes(bench.folder.file("second")) == before);
    }
    // A planted log that is another file of the user, which SQLite would begin anew.
    fs::create_hard_link(bench.victim, bench.own("-wal"));
    CHECK(bench.command({"evaluate", bench.run.string()}).exit_code == exit_bad_input);
    CHECK(read_bytes(bench.victim) == "mine");
}

TEST_CASE("planted links under the names of tables and pages are not followed", "[store][hostile]") {
    const Bench bench;
    const std::vector<std::string> names{"config.toml", "environment.json", "results.csv",    "summary.csv",
                                         "summary.md",  "comparisons.csv",  "saturation.csv", "run.json",
                                         "report.html", "figures"};
    for (const std::string& name : names) {
        const fs::path path = bench.run / name;
        fs::remove(path);
        const bool folder = name == "figures";
        if (folder) fs::create_directory(bench.folder.file("elsewhere"));
        fs::create_symlink(folder ? bench.folder.file("elsewhere") : bench.victim, path);
        const std::vector<std::string> words =
            folder                  ? std::vector<std::string>{"figures", bench.run.string(), "--format", "csv"}
            : name == "report.html" ? std::vector<std::string>{"report", bench.run.string()}
                                    : std::vector<std::string>{"evaluate", bench.run.string(), "--quiet"};
        const std::string store = read_bytes(bench.own(""));
        const auto result = bench.command(words);
        INFO(name << ": " << result.err);
        CHECK(result.exit_code == exit_bad_input);
        CHECK_THAT(result.err, Contains(name + ": cannot be written: it is a link"));
        CHECK(read_bytes(bench.victim) == "mine");
        CHECK(read_bytes(bench.own("")) == store);  // evaluate stores nothing that it could not write tables of
        if (folder) CHECK(fs::is_empty(bench.folder.file("elsewhere")));
        fs::remove(path);
    }
    CHECK(bench.command({"evaluate", bench.run.string(), "--quiet"}).exit_code == exit_done);
}

TEST_CASE("readers leave a run as it is, killed at work or whole, where nothing can be written too", "[store]") {
    const Bench bench;
    // As a killed process leaves it: what was stored last is in the log.
    const fs::path killed = bench.folder.file("killed");
    {
        auto store = RunStore::open(bench.own(""), RunStore::Access::write);
        store->forget_own();
        fs::copy(bench.run, killed);
    }
    REQUIRE(fs::file_size(killed / "run.sqlite-wal") > 0);
    for (const fs::path& run : {killed, bench.run}) {
        const auto before = state_of(run);
        for (const char* command : {"show", "report", "figures", "merge"}) {
            std::vector<std::string> words{command, run.string()};
            if (words[0] != "show") words.insert(words.end(), {"--out", bench.folder.file(words[0])});
            if (words[0] == "figures") words.insert(words.end(), {"--format", "csv"});
            if (words[0] == "merge") words.insert(words.end(), {"--overwrite"});
            const auto result = bench.command(words);
            INFO(command << " " << run << ": " << result.err);
            CHECK(result.exit_code == exit_done);
            CHECK(state_of(run) == before);
        }
    }
    // Copied without the memory that belongs to its log: to read it would be to write.
    fs::remove(killed / "run.sqlite-shm");
    const auto before = state_of(killed);
    const auto shown = bench.command({"show", killed.string()});
    CHECK(shown.exit_code == exit_bad_input);
    CHECK_THAT(shown.err, Contains("run.sqlite-wal: holds what is not yet in the database"));
    CHECK(state_of(killed) == before);
    CHECK(bench.command({"run", bench.config, "--out", killed.string(), "--resume", "--quiet"}).exit_code ==
          exit_done);
    CHECK(bench.command({"show", killed.string()}).exit_code == exit_done);
    // A log beside a store that has none, of somebody's making.
    write_bytes((killed / "run.sqlite-wal").string(), std::string(600, 'x'));
    CHECK_THAT(bench.command({"show", killed.string()}).err,
               Contains("run.sqlite-wal: holds what is not yet in the database"));
    CHECK(read_bytes((killed / "run.sqlite-wal").string()) == std::string(600, 'x'));
    CHECK(bench.command({"run", bench.config, "--out", killed.string(), "--resume", "--quiet"}).exit_code ==
          exit_done);
}

TEST_CASE("no command writes over a store or a table of a run, or over its input", "[store][cli]") {
    const Bench bench;
    const std::string data = bench.folder.file("data.safetensors");
    const std::string problem = bench.folder.file("p.max");
    REQUIRE(bench.command({"generate", "diffuse", "--out", problem}).exit_code == exit_done);
    const auto before = state_of(bench.folder.path());
    std::vector<std::vector<std::string>> commands{
        {"report", bench.run.string(), "--out", data},
        {"solve", problem, "--flow", problem},
        {"run", data, "--out", bench.folder.file("x")},
    };
    for (const char* name : {"run.sqlite", "run.sqlite-wal", "run.sqlite-shm", "run.sqlite-journal", "run.lock",
                             "config.toml", "results.csv", "run.json"}) {
        commands.push_back({"report", bench.run.string(), "--out", (bench.run / name).string()});
        commands.push_back({"solve", problem, "--flow", (bench.run / name).string()});
    }
    for (const auto& words : commands) {
        const auto result = bench.command(words);
        INFO(words[0] << " " << words.back() << ": " << result.err);
        CHECK(result.exit_code == exit_bad_input);
        CHECK(state_of(bench.folder.path()) == before);
    }
    // A config that lies in the folder of its own run is not in the way.
    CHECK(bench
              .command({"run", (bench.run / "config.toml").string(), "--out", bench.run.string(), "--resume",
                        "--quiet"})
              .exit_code == exit_done);
}

TEST_CASE("results in a place that the user did not name follow no link", "[store][cli]") {
    const Bench bench;
    fs::create_directory(bench.folder.file("elsewhere"));
    fs::create_symlink("elsewhere", bench.folder.file("results"));
    const auto refused = bench.command({"run", bench.config});
    CHECK(refused.exit_code == exit_bad_input);
    CHECK_THAT(refused.err, Contains("results: is a link, which is followed only where you name the folder"));
    CHECK(fs::is_empty(bench.folder.file("elsewhere")));
    CHECK(bench.command({"run", bench.config, "--out", "results/grid", "--quiet"}).exit_code == exit_done);
    CHECK(fs::exists(bench.folder.file("elsewhere/grid/run.sqlite")));
}

TEST_CASE("a config whose name is no name of a folder asks for one", "[store][cli]") {
    const Bench bench;
    for (const std::string name : {"..toml", "...toml"}) {
        const std::string config = bench.folder.file(name);
        write_bytes(config, read_bytes(bench.config));
        const auto refused = bench.command({"run", config});
        CHECK(refused.exit_code == exit_bad_input);
        CHECK_THAT(refused.err, Contains("names no folder of results, expected --out FOLDER"));
        CHECK_FALSE(fs::exists(bench.folder.file("results")));
        CHECK_FALSE(fs::exists(bench.folder.file("run.lock")));
        CHECK(bench.command({"run", config, "--out", "named", "--overwrite", "--quiet"}).exit_code == exit_done);
    }
}

TEST_CASE("a store and its tables agree, or it is said and mended", "[store]") {
    const Bench bench;
    const std::string run = bench.run.string();
    const auto table = [&](const char* name) { return read_bytes((bench.run / name).string()); };
    CHECK_FALSE(open_run(bench.run).tables_due);
    const std::string old = table("results.csv");
    // As evaluate leaves it when it is killed before it writes tables.
    {
        RunFolder stored = open_run(bench.run);
        Settings settings = settings_from_toml(stored.record().config_toml, "config.toml");
        overlay(settings, setting_from_argument("evaluation.metrics=pearson"));
        const Config config = config_from_settings(settings, "grid", "config.toml");
        stored.store.reset();
        const auto store = RunStore::open(bench.own(""), RunStore::Access::write);
        compare_again(*store, config, 1);
        store->close();
    }
    CHECK(open_run(bench.run).tables_due);
    CHECK(table("results.csv") == old);
    CHECK_THAT(bench.command({"show", run}).out, Contains("are older than its results"));
    CHECK_THAT(bench.command({"report", run}).err, Contains("are older than its results"));
    CHECK(bench.command({"evaluate", run, "--quiet"}).exit_code == exit_done);
    CHECK_THAT(table("results.csv"), Contains("pearson"));
    CHECK_FALSE(open_run(bench.run).tables_due);
    CHECK_THAT(bench.command({"show", run}).out, !Contains("are older than"));
}

TEST_CASE("a run whose folder vanishes is an error", "[store]") {
    const Bench bench;
    for (const bool replaced : {false, true}) {
        const fs::path gone = bench.folder.file("gone");
        fs::remove_all(gone);
        const Config config = load_config(bench.config, {});
        const auto vanish = [&](std::size_t done, std::size_t, std::size_t) {
            if (done == 0) return;
            fs::remove_all(gone);
            if (replaced) fs::create_directory(gone);
        };
        const std::string message = message_of<InputError>([&] {
            run_in_folder(config, Dataset::open(config.dataset.string()),
                          {.folder = gone, .runner = {.jobs = 1, .progress = vanish}});
        });
        CHECK_THAT(message, Contains("removed or replaced"));
        CHECK(fs::exists(gone) == replaced);
        if (replaced) CHECK(fs::is_empty(gone));
    }
}

TEST_CASE("a dataset that changes during a run gives no tables, and the run is finished once it is back",
          "[store]") {
    const Bench bench;
    const std::string data = bench.folder.file("data.safetensors");
    const std::string good = read_bytes(data);
    const auto tables = [&](const fs::path& folder) {
        std::string all;
        for (const char* name : {"results.csv", "summary.csv", "saturation.csv"}) {
            all += fs::exists(folder / name) ? read_bytes((folder / name).string()) : "(none)";
        }
        return all;
    };
    const std::string expected = tables(bench.run);
    const Config config = load_config(bench.config, {});
    write_small_dataset(bench.folder.file("other.safetensors"), 2, 1, {3, 4, 5}, DType::f64);
    std::string other = good;  // of the same length: the weights of two rows change places
    std::swap_ranges(other.end() - 12, other.end() - 8, other.end() - 8);
    const std::vector<std::pair<std::string, std::function<void()>>> changes{
        {"overwritten", [&] { write_bytes(data, other); }},
        {"cut short", [&] { fs::resize_file(data, good.size() / 2); }},
        {"replaced", [&] { fs::rename(bench.folder.file("other.safetensors"), data); }},
        {"removed", [&] { fs::remove(data); }},
    };
    for (const auto& [name, change] : changes) {
        const fs::path folder = bench.folder.file("changed");
        fs::remove_all(folder);
        bool changed = false;
        const auto progress = [&, &change = change](std::size_t done, std::size_t, std::size_t) {
            if (done > 0 && !changed) change();
            changed = changed || done > 0;
        };
        const std::string message = message_of<InputError>([&] {
            run_in_folder(config, Dataset::open(data),
                          {.folder = folder, .runner = {.jobs = 1, .progress = progress}});
        });
        INFO(name << ": " << message);
        CHECK(changed);
        CHECK_THAT(message, Contains(data) && Contains(name == "cut short" ? "cut short" : "changed while"));
        CHECK(tables(folder) == "(none)(none)(none)");
        write_bytes(data, good);
        CHECK(run_in_folder(config, Dataset::open(data),
                            {.folder = folder, .existing = Existing::resume, .runner = {}})
                  .finished);
        CHECK(tables(folder) == expected);
    }
    // One that keeps its time is found out at the end, and what was made of it is forgotten.
    const fs::path folder = bench.folder.file("sly");
    bool changed = false;
    const auto sly = [&](std::size_t done, std::size_t, std::size_t) {
        if (done == 0 || changed) return;
        changed = true;
        struct stat before = {};
        REQUIRE(::stat(data.c_str(), &before) == 0);
        write_bytes(data, other);
        const timespec times[2] = {before.st_atim, before.st_mtim};
        REQUIRE(::utimensat(AT_FDCWD, data.c_str(), times, 0) == 0);
    };
    const std::string message = message_of<InputError>([&] {
        run_in_folder(config, Dataset::open(data), {.folder = folder, .runner = {.jobs = 1, .progress = sly}});
    });
    CHECK_THAT(message, Contains("no tables were written") && Contains("dataset_sha256: was "));
    CHECK(tables(folder) == "(none)(none)(none)");
    CHECK(open_run(folder).done == 0);
    write_bytes(data, good);
    CHECK(
        run_in_folder(config, Dataset::open(data), {.folder = folder, .existing = Existing::resume, .runner = {}})
            .finished);
    CHECK(tables(folder) == expected);
}
