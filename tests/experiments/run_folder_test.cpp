/// Runs in their folders: interrupted and resumed, refused, damaged, evaluated anew.

#include <atomic>
#include <filesystem>
#include <optional>

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "experiments/cli/app.hpp"
#include "experiments/run/environment.hpp"
#include "experiments/run/example_attributions.hpp"
#include "experiments/run_folder.hpp"
#include "experiments/store/blob.hpp"
#include "experiments/store/sqlite.hpp"
#include "experiments/version.hpp"
#include "graph/support/sha256.hpp"
#include "tests/attention/make_files.hpp"
#include "tests/experiments/run_in_memory.hpp"
#include "tests/run_command.hpp"

using namespace attnflow;
using attnflow::testing::message_of;
using attnflow::testing::read_bytes;
using attnflow::testing::run_in_memory;
using attnflow::testing::TemporaryDirectory;
using attnflow::testing::write_bytes;
using attnflow::testing::write_small_dataset;

namespace {

namespace fs = std::filesystem;

const std::string grid_toml =
    "methods = [\"rollout\", \"attention_flow\", \"raw_attention\"]\n"
    "dataset.path = \"data.safetensors\"\n"
    "axes.layer = \"all\"\naxes.skip_weight = [0.2, 0.5]\naxes.positions = [\"all\", \"no_special\"]\n"
    "evaluation.references = [\"blank_out\", \"method(column_sum)\"]\n"
    "statistics.resamples = 100\noutput.attributions = true\n";

// A config with its dataset in a folder of its own, and runs of it.
struct Bench {
    TemporaryDirectory folder;
    Config config;

    explicit Bench(const std::string& toml = grid_toml) {
        write_small_dataset(folder.file("data.safetensors"), 3, 2, {4, 5, 6, 4, 5, 3});
        write_bytes(folder.file("grid.toml"), toml);
        config = load_config(folder.file("grid.toml"), {});
    }
    fs::path at(const std::string& name) const { return folder.file(name); }
    RunFolder run(const std::string& name, Existing existing = Existing::refuse, RunnerOptions runner = {}) const {
        return run_in_folder(config, Dataset::open(config.dataset.string()),
                             {.folder = at(name), .existing = existing, .runner = std::move(runner)});
    }
    std::string refusal(const std::string& name, Existing existing) const {
        return message_of<InputError>([&] { run(name, existing); });
    }
};

std::map<std::string, std::string> tables(const fs::path& folder) {
    std::map<std::string, std::string> files;
    for (const auto& entry : fs::directory_iterator(folder)) {
        const std::string name = entry.path().filename().string();
        if (!name.starts_with("run.sqlite") && name != "run.lock") files[name] = read_bytes(entry.path().string());
    }
    return files;
}

const std::vector<std::string> origin_files{"config.toml", "environment.json"};

std::vector<std::string> names_in(const std::map<std::string, std::string>& files) {
    std::vector<std::string> names;
    for (const auto& [name, content] : files) names.push_back(name);
    return names;
}

RunFolder merge_into(const fs::path& folder, const std::vector<fs::path>& parts,
                     Existing existing = Existing::refuse) {
    return merge_runs(parts, {.folder = folder, .existing = existing, .runner = {.jobs = 2}});
}

bool says(const std::string& message, const std::string& part) {
    INFO(message);
    const bool found = message.find(part) != std::string::npos;
    CHECK(found);
    return found;
}

// Changes a store behind its back.
void sql(const fs::path& folder, const std::string& statement) {
    sqlite::Database((folder / "run.sqlite").string(), sqlite::Database::Access::write).execute(statement);
}

}  // namespace

TEST_CASE("a run that is stopped anywhere is finished to the same bytes", "[store]") {
    const Bench bench;
    const auto whole = bench.run("whole");
    REQUIRE(whole.finished);
    REQUIRE(whole.result.failures.empty());
    const auto expected = tables(bench.at("whole"));
    CHECK(expected.size() == whole.tables.size());
    int number = 0;
    for (const std::size_t jobs : {1, 2, 3, 8}) {
        for (const std::size_t stop_at : {0, 1, 7, 20, 1000}) {
            const std::string name = "run" + std::to_string(number++);
            std::atomic<bool> stop = false;
            const auto stopped =
                bench.run(name, Existing::resume,
                          {.jobs = jobs,
                           .progress = [&](std::size_t done, std::size_t, std::size_t) { stop = done >= stop_at; },
                           .stop = &stop});
            CHECK(stopped.finished == (stop_at == 1000));
            if (!stopped.finished) CHECK(names_in(tables(bench.at(name))) == origin_files);
            std::size_t first = 0;
            bool once = false;
            const auto resumed =
                bench.run(name, Existing::resume,
                          {.jobs = 9 - jobs, .progress = [&](std::size_t done, std::size_t, std::size_t) {
                               if (!once) first = done;
                               once = true;
                           }});
            CHECK(resumed.finished);
            CHECK(tables(bench.at(name)) == expected);
        }
    }
}

TEST_CASE("a stored run gives back what was computed", "[store]") {
    const Bench bench;
    const auto run = bench.run("run");
    const auto dataset = Dataset::open(bench.config.dataset.string());
    const Results direct = run_in_memory(bench.config, dataset, 2).result;
    const auto stored = open_run(bench.at("run"), true);
    CHECK(stored.finished);
    CHECK(stored.config.name == "grid");
    CHECK(stored.result.rows == direct.rows);
    CHECK(stored.result.tokens == direct.tokens);
    CHECK(stored.result.attributions.size() == direct.attributions.size());
    CHECK(stored.record().dataset == fs::absolute(bench.config.dataset).string());
    CHECK(stored.record().environment.at("dataset_sha256") == sha256_of_file(bench.config.dataset.string()));
    // 6 examples of 27 tokens in all, 3 layers, 2 skip weights; such small networks have a pair of every answer
    // checked.
    CHECK(stored.result.flows.pairs == 27 * 3 * 2);
    CHECK(stored.result.flows.checked == 6 * 3 * 2);
    CHECK(read_bytes((bench.at("run") / "run.json").string()).find("\"checked\": 36") != std::string::npos);
    const Plan& plan = stored.store->plan();
    for (std::size_t p = 0; p < plan.grid_size; ++p) {
        const Example example = dataset.example(2);
        MethodSet methods(bench.config.parameters);
        ExampleAttributions attributions(example, methods, stored.record().special_tokens);
        const Attribution expected = attributions.attribution(plan.points[p]);
        const Attribution found = stored.store->attribution(2, plan.attribution_of[p]);
        CHECK(found.scores == expected.scores);
        CHECK(found.binding_cuts == expected.binding_cuts);
        CHECK(found.checked == expected.checked);
    }
}

TEST_CASE("folders that are in the way are refused", "[store]") {
    Bench bench;
    bench.run("run");
    says(bench.refusal("run", Existing::refuse), "holds a run already; --resume finishes it");
    fs::create_directory(bench.at("foreign"));
    write_bytes(bench.at("foreign").string() + "/thesis.tex", "x");
    for (const auto existing : {Existing::refuse, Existing::resume, Existing::overwrite}) {
        says(bench.refusal("foreign", existing), "holds files but no run; choose another folder");
    }
    CHECK(read_bytes(bench.at("foreign").string() + "/thesis.tex") == "x");
    CHECK(bench.run("run", Existing::overwrite).finished);

    // Another process at work.
    const int lock = ::open((bench.at("run") / "run.lock").c_str(), O_RDWR);
    REQUIRE(::flock(lock, LOCK_EX | LOCK_NB) == 0);
    says(bench.refusal("run", Existing::resume), "another attnflow process works in this folder");
    CHECK_FALSE(message_of<InputError>([&] { evaluate_run(bench.at("run"), {}, 1); }).empty());
    ::close(lock);
    CHECK(bench.run("run", Existing::resume).finished);
}

TEST_CASE("what is resumed must be the same run", "[store]") {
    Bench bench;
    bench.run("run");
    const Config before = bench.config;
    bench.config =
        load_config(bench.folder.file("grid.toml"), setting_from_argument("axes.skip_weight=[0.2, 0.4]"));
    says(bench.refusal("run", Existing::resume), "\n  the grid: has no rollout ");
    for (const std::string other :
         {"dataset.special_tokens=[\"x\"]", "parameters.attention_flow.bits=20", "statistics.seed=7"}) {
        bench.config = load_config(bench.folder.file("grid.toml"), setting_from_argument(other));
        says(bench.refusal("run", Existing::resume),
             "\n  " + other.substr(0, other.find('=')) + ": was (default)");
    }
    bench.config = load_config(bench.folder.file("grid.toml"), setting_from_argument("dataset.limit=2"));
    says(bench.refusal("run", Existing::resume), "\n  examples: were 6, are 2");
    bench.config = before;
    sql(bench.at("run"),
        "UPDATE meta SET value = replace(value, '" + instruction_set() + "', 'pdp-11') WHERE key = 'environment'");
    says(bench.refusal("run", Existing::resume), "\n  instruction_set: was pdp-11, is " + instruction_set());
    bench.run("run", Existing::overwrite);
    const std::string other_build = std::string("UPDATE meta SET value = replace(value, '") + results_code() +
                                    "', 'yesterday') WHERE key = 'environment'";
    sql(bench.at("run"), other_build);
    says(bench.refusal("run", Existing::resume), std::string("\n  code: was yesterday, is ") + results_code());
    says(message_of<InputError>(
             [&] { evaluate_run(bench.at("run"), setting_from_argument("evaluation.metrics=pearson"), 1); }),
         std::string("its scores were made by another program:\n  code: was yesterday, is ") + results_code());
    bench.run("whole");
    says(message_of<InputError>([&] {
             merge_into(bench.at("merged"), {bench.at("whole"), bench.at("run")});
         }),
         "\n  code: was ");
    bench.run("run", Existing::overwrite);
    write_small_dataset(bench.folder.file("data.safetensors"), 3, 2, {4, 5, 6, 4, 5, 4});
    says(bench.refusal("run", Existing::resume), "\n  dataset_sha256: was ");
}

namespace {

/// The same config with other settings, each "KEY=VALUE".
Config with(const Bench& bench, const std::vector<std::string>& settings) {
    Settings overrides;
    for (const std::string& setting : settings) overlay(overrides, setting_from_argument(setting));
    return load_config(bench.folder.file("grid.toml"), overrides);
}

const std::string small_grid_toml =
    "methods = [\"rollout\", \"attention_flow\"]\ndataset.path = \"data.safetensors\"\ndataset.limit = 4\n"
    "axes.skip_weight = [0.2, 0.5]\nevaluation.references = [\"blank_out\"]\nstatistics.resamples = 100\n"
    "output.attributions = true\n";

}  // namespace

TEST_CASE("a run grows to the bytes of one run of the larger grid", "[store][growth]") {
    const std::vector<std::vector<std::string>> larger{
        {"axes.skip_weight=[0.9, 0.2, 0.5]"},
        {"methods=[\"raw_attention\", \"rollout\", \"attention_flow\"]"},
        {"methods=[\"rollout\", \"attention_flow\", \"column_sum\"]", "axes.layer=\"all\"",
         "axes.positions=[\"all\", \"no_special\"]"},
        {"dataset.limit=6"},
        {"dataset.limit=6", "output.attributions=false"},
        {"evaluation.metrics=[\"spearman\", \"pearson\"]"},
        {"evaluation.references=[\"blank_out\", \"method(column_sum)\"]"},
        {"evaluation.references=[\"method(rollout)\"]", "statistics.resamples=200"},
        {"dataset.limit=0", "axes.skip_weight=[0.1, 0.2, 0.5]", "axes.heads=[\"mean\", \"max\"]",
         "evaluation.metrics=[\"pearson\", \"spearman\"]", "axes.layer=[\"top\", 1]",
         "methods=[\"rollout\", \"attention_flow\", \"raw_attention\"]"},
    };
    Bench bench(small_grid_toml);
    int number = 0;
    for (const auto& settings : larger) {
        INFO(settings.front());
        const std::string name = std::to_string(number++);
        for (const std::size_t stop_at : {std::size_t{5}, std::size_t{1000}}) {
            bench.config = load_config(bench.folder.file("grid.toml"), {});
            const std::string grown = fmt::format("grown{}-{}", name, stop_at);
            std::atomic<bool> stop = false;
            bench.run(grown, Existing::refuse,
                      {.progress = [&](std::size_t done, std::size_t, std::size_t) { stop = done >= stop_at; },
                       .stop = &stop});
            bench.config = with(bench, settings);
            if (stop_at == 5) bench.run("whole" + name);
            // Interrupted, and finished by the same command.
            std::atomic<bool> stop_again = false;
            bench.run(grown, Existing::resume,
                      {.progress = [&](std::size_t done, std::size_t, std::size_t) { stop_again = done >= 9; },
                       .stop = &stop_again});
            REQUIRE(bench.run(grown, Existing::resume, {.jobs = 2}).finished);
            CHECK(tables(bench.at(grown)) == tables(bench.at("whole" + name)));
            CHECK_FALSE(fs::exists(bench.at(grown) / "run.next"));
        }
    }
}

TEST_CASE("a run that grows keeps the scores that are there and computes the others", "[store][growth]") {
    Bench bench(small_grid_toml);
    const RunFolder whole = bench.run("run");
    // Marked, so that it is seen whether they are kept: doubled, with their checksum.
    {
        const auto scores = [&](std::size_t example, std::size_t attribution) {
            Attribution marked = whole.store->attribution(example, attribution);
            for (double& score : marked.scores.values()) score *= 2.0;
            return marked;
        };
        const auto store =
            RunStore::create(bench.at("marked.sqlite").string(), whole.record(), whole.store->names());
        for (std::size_t e = 0; e < 4; ++e) {
            std::vector<std::pair<std::size_t, Attribution>> all;
            for (const std::size_t a : whole.store->stored_attributions(e)) all.emplace_back(a, scores(e, a));
            store->add(e, all, 0.0);
            store->finish(e, {});
        }
        store->close();
    }
    whole.store->close();
    fs::rename(bench.at("marked.sqlite"), bench.at("run") / "run.sqlite");
    bench.config = with(bench, {"axes.skip_weight=[0.2, 0.3, 0.5]", "dataset.limit=5"});
    bench.run("run", Existing::resume);
    const RunFolder grown = open_run(bench.at("run"), true);
    bench.run("whole");
    const RunFolder expected = open_run(bench.at("whole"), true);
    REQUIRE(grown.result.attributions.size() == expected.result.attributions.size());
    std::size_t kept = 0;
    for (std::size_t r = 0; r < grown.result.attributions.size(); ++r) {
        const AttributionRow& row = grown.result.attributions[r];
        const double fresh = expected.result.attributions[r].scores.at(0);
        const bool old = row.example < 4 && grown.result.grid[row.point].text("skip_weight") != "0.3";
        CHECK(row.scores.at(0) == (old ? 2.0 * fresh : fresh));
        kept += old ? 1 : 0;
    }
    CHECK(kept == 16);
}

TEST_CASE("shards grow and merge, and so does what was merged", "[store][growth][merge]") {
    Bench bench(small_grid_toml);
    const auto shards = [&](Existing existing) {
        for (const std::size_t k : {0u, 1u}) bench.run("part" + std::to_string(k), existing, {.shard = {k, 2}});
    };
    shards(Existing::refuse);
    merge_into(bench.at("merged"), {bench.at("part0"), bench.at("part1")});
    bench.config = with(bench, {"axes.skip_weight=[0.2, 0.3, 0.5]", "dataset.limit=6"});
    bench.run("whole");
    REQUIRE(bench.run("merged", Existing::resume).finished);
    CHECK(tables(bench.at("merged")) == tables(bench.at("whole")));
    says(message_of<InputError>([&] {
             merge_into(bench.at("x"), {bench.at("merged"), bench.at("part1")});
         }),
         "axes.skip_weight");
    shards(Existing::resume);
    REQUIRE(merge_into(bench.at("again"), {bench.at("part0"), bench.at("part1")}).finished);
    CHECK(tables(bench.at("again")) == tables(bench.at("whole")));
}

TEST_CASE("a run grows with the examples that are added to its dataset", "[store][growth]") {
    const std::string all_examples =
        "methods = [\"rollout\", \"attention_flow\"]\ndataset.path = \"data.safetensors\"\n"
        "evaluation.references = [\"blank_out\"]\nstatistics.resamples = 100\n"
        "output.attributions = true\n";
    const std::vector<std::size_t> before{4, 5, 6};
    for (const std::size_t stop_at : {std::size_t{2}, std::size_t{1000}}) {
        Bench bench(all_examples);
        const std::string data = bench.folder.file("data.safetensors");
        write_small_dataset(data, 3, 2, before);
        std::atomic<bool> stop = false;
        bench.run("run", Existing::refuse,
                  {.progress = [&](std::size_t done, std::size_t, std::size_t) { stop = done >= stop_at; },
                   .stop = &stop});
        write_small_dataset(data, 3, 2, {4, 5, 6, 4, 5});
        std::string notes;
        REQUIRE(
            bench.run("run", Existing::resume, {.note = [&](const std::string& text) { notes += text + "\n"; }})
                .finished);
        CHECK(notes.find("2 grid points x 3 examples before, 2 x 5 now") != std::string::npos);
        bench.run("whole");
        CHECK(tables(bench.at("run")) == tables(bench.at("whole")));
        CHECK(open_run(bench.at("run")).record().environment.at("dataset_sha256") == sha256_of_file(data));

        // Examples that are not what they were, elsewhere or gone.
        const std::string good = read_bytes(data);
        const auto refused = [&](const std::string& why) {
            const std::string message = bench.refusal("run", Existing::resume);
            says(message, "\n  dataset_sha256: was ");
            says(message, "\n  examples: " + why);
        };
        write_small_dataset(data, 3, 2, {4, 5, 6, 4});
        refused("were 5 at least, are 4");
        write_small_dataset(data, 3, 2, {4, 5, 6, 5, 5, 4});
        refused("ex3 has another attention, or other edge weights, than it had");
        write_small_dataset(data, 3, 2, {4, 5, 6, 4, 5, 4}, DType::f64);
        refused("ex0 has another attention");
        write_small_dataset(data, 3, 2, {4, 5, 6, 4, 5, 4});
        const auto edited = [&](const std::string& from, const std::string& to) {
            std::string bytes = read_bytes(data);
            bytes.replace(bytes.find(from), from.size(), to);
            write_bytes(data, bytes);
        };
        edited(R"(\"w0\", \"w1\")", R"(\"w1\", \"w0\")");
        refused("ex0 has other tokens, labels, references or words than it had");
        write_small_dataset(data, 3, 2, {4, 5, 6, 4, 5, 4});
        edited(R"({\"id\": \"ex0\")", R"({\"id\": \"ex5\")");
        CHECK_FALSE(bench.refusal("run", Existing::resume).empty());
        write_bytes(data, good);
        CHECK(bench.run("run", Existing::resume).finished);
        CHECK(tables(bench.at("run")) == tables(bench.at("whole")));
    }
}

TEST_CASE("a dataset that changes while a run grows costs nothing of what was there", "[store][growth]") {
    Bench bench(small_grid_toml);
    bench.run("run");
    const std::string data = bench.folder.file("data.safetensors");
    const std::string good = read_bytes(data);
    bench.config = with(bench, {"axes.skip_weight=[0.2, 0.3, 0.5]"});
    bench.run("whole");
    const auto change = [&](std::size_t done, std::size_t, std::size_t) {
        if (done > 0) write_bytes(data, good.substr(0, good.size() / 2));
    };
    CHECK_FALSE(message_of<InputError>([&] {
                    bench.run("run", Existing::resume, {.jobs = 1, .progress = change});
                }).empty());
    write_bytes(data, good);
    const auto store = RunStore::open((bench.at("run") / "run.sqlite").string(), RunStore::Access::read);
    for (std::size_t e = 0; e < 4; ++e) CHECK(store->stored_attributions(e).size() >= 4);
    bench.run("run", Existing::resume);
    CHECK(tables(bench.at("run")) == tables(bench.at("whole")));
}

TEST_CASE("stores that are damaged, newer or something else are refused", "[store]") {
    const Bench bench;
    bench.run("run");
    const std::string path = (bench.at("run") / "run.sqlite").string();
    const std::string good = read_bytes(path);
    const auto refusals = [&](const std::string& part) {
        says(message_of<InputError>([&] { open_run(bench.at("run"), true); }), part);
        says(bench.refusal("run", Existing::resume), part);
    };

    write_bytes(path, "methods = 1\n" + std::string(5000, 'x'));
    refusals("damaged or none of ours");
    write_bytes(path, good.substr(0, good.size() / 2));
    CHECK_FALSE(bench.refusal("run", Existing::resume).empty());
    std::string scribbled = good;
    for (std::size_t i = 5000; i < scribbled.size(); i += 700) scribbled[i] = static_cast<char>(~scribbled[i]);
    write_bytes(path, scribbled);
    CHECK_FALSE(bench.refusal("run", Existing::resume).empty());
    CHECK_FALSE(message_of<InputError>([&] { open_run(bench.at("run"), true); }).empty());

    write_bytes(path, good);
    sql(bench.at("run"), "PRAGMA user_version = 99");
    refusals("store version 99, this program reads 3");
    sql(bench.at("run"), "PRAGMA user_version = 3; PRAGMA application_id = 7");
    refusals("is not the store of a run");

    write_bytes(path, good);
    sql(bench.at("run"), "UPDATE attributions SET scores = zeroblob(length(scores)) WHERE cell = 3");
    says(message_of<InputError>([&] { open_run(bench.at("run"), true); }), "are damaged: checksum differs");
    sql(bench.at("run"), "UPDATE attributions SET tokens = 1 << 40 WHERE cell = 3");
    CHECK_FALSE(message_of<InputError>([&] { open_run(bench.at("run"), true); }).empty());
    write_bytes(path, good);
    sql(bench.at("run"), "UPDATE metrics SET point = 1000 WHERE point = 1");
    says(message_of<InputError>([&] { open_run(bench.at("run")); }), "one of which is missing");
    sql(bench.at("run"), "DROP TABLE points");
    CHECK_FALSE(message_of<InputError>([&] { open_run(bench.at("run")); }).empty());

    says(message_of<InputError>([&] { open_run(bench.at("nowhere")); }), "no such folder of a run");
    says(message_of<InputError>([&] { open_run(bench.folder.path()); }), "holds no run (no run.sqlite)");
}

TEST_CASE("a process that died before its first transaction is no obstacle", "[store]") {
    const Bench bench;
    fs::create_directory(bench.at("run"));
    write_bytes((bench.at("run") / "run.lock").string(), "");
    write_bytes((bench.at("run") / "run.sqlite").string(), "");
    CHECK(bench.run("run", Existing::resume).finished);
}

TEST_CASE("a finished run can be read where nothing can be written", "[store]") {
    if (::geteuid() == 0) return;  // who may write everywhere
    const Bench bench;
    bench.run("run");
    REQUIRE(::chmod(bench.at("run").c_str(), 0500) == 0);
    REQUIRE(::chmod((bench.at("run") / "run.sqlite").c_str(), 0400) == 0);
    CHECK(open_run(bench.at("run")).finished);
    CHECK_FALSE(bench.refusal("run", Existing::resume).empty());
    REQUIRE(::chmod(bench.at("run").c_str(), 0700) == 0);
}

TEST_CASE("a run that somebody reads is finished all the same", "[store]") {
    const Bench bench;
    bench.run("alone");
    // As a report that is being made: a transaction that stays open until the run is over.
    std::optional<sqlite::Database> reader;
    const auto read = [&](std::size_t, std::size_t, std::size_t) {
        if (reader) return;
        reader.emplace((bench.at("watched") / "run.sqlite").string(), sqlite::Database::Access::read);
        reader->execute("BEGIN");
        CHECK(reader->value("SELECT count(*) FROM meta") != "0");
    };
    CHECK(bench.run("watched", Existing::refuse, {.progress = read}).finished);
    REQUIRE(reader.has_value());
    CHECK(tables(bench.at("watched")) == tables(bench.at("alone")));
    reader.reset();
    CHECK(open_run(bench.at("watched")).finished);
}

TEST_CASE("readers see one moment of a run at work", "[store]") {
    const Bench bench;
    std::vector<std::pair<std::size_t, std::size_t>> counts;  // examples done, before and after more was stored
    std::optional<RunFolder> reader;
    const auto read = [&](std::size_t, std::size_t, std::size_t) {
        if (reader) {
            const auto later = reader->store->done_examples();
            counts.emplace_back(reader->done, std::count(later.begin(), later.end(), true));
        }
        // A run in which nothing is stored yet cannot be opened.
        reader.reset();
        try {
            reader = open_run(bench.at("run"));
        } catch (const InputError&) {
        }
    };
    CHECK(bench.run("run", Existing::refuse, {.progress = read}).finished);
    REQUIRE(reader);
    const auto now = open_run(bench.at("run"));
    CHECK(now.finished);
    const auto then = reader->store->done_examples();
    CHECK(static_cast<std::size_t>(std::count(then.begin(), then.end(), true)) == reader->done);
    CHECK(reader->done < now.done);
    for (const auto& [before, after] : counts) CHECK(before == after);
}

TEST_CASE("shards merge to the bytes of the whole run", "[store][merge]") {
    const Bench bench;
    bench.run("whole");
    const auto expected = tables(bench.at("whole"));
    std::vector<fs::path> parts;
    for (std::size_t k = 0; k < 3; ++k) {
        const std::string name = "part" + std::to_string(k);
        const auto part = bench.run(name, Existing::refuse, {.jobs = k + 1, .shard = {.index = k, .count = 3}});
        CHECK_FALSE(part.finished);
        CHECK(part.done == 2);
        CHECK(names_in(tables(bench.at(name))) == origin_files);
        parts.push_back(bench.at(name));
    }
    SECTION("in any order, and twice the same") {
        const auto merged = merge_into(bench.at("merged"), {parts[2], parts[0], parts[1], parts[0]});
        CHECK(merged.finished);
        CHECK(tables(bench.at("merged")) == expected);
        Settings overrides = setting_from_argument("evaluation.metrics=pearson");
        CHECK(evaluate_run(bench.at("merged"), overrides, 1).finished);
    }
    SECTION("and what is missing can be done afterwards") {
        const auto merged = merge_into(bench.at("merged"), {parts[2], parts[0]});
        CHECK_FALSE(merged.finished);
        CHECK(merged.done == 4);
        CHECK(names_in(tables(bench.at("merged"))) == origin_files);
        CHECK(bench.run("merged", Existing::resume).finished);
        CHECK(tables(bench.at("merged")) == expected);
    }
    SECTION("not with another run") {
        const auto refusal = [&](const fs::path& other) {
            return message_of<InputError>([&] { merge_into(bench.at("merged"), {parts[0], other}); });
        };
        sql(parts[1],
            "UPDATE meta SET value = replace(value, '\"instruction_set\":\"', '\"instruction_set\":\"not ') "
            "WHERE key = 'environment'");
        says(refusal(parts[1]), "cannot be merged with");
        says(refusal(parts[1]), "instruction_set: was");
        Config other = bench.config;
        const Settings settings = setting_from_argument("statistics.seed=7");
        other = load_config(bench.folder.file("grid.toml"), settings);
        run_in_folder(other, Dataset::open(other.dataset.string()), {.folder = bench.at("other"), .runner = {}});
        says(refusal(bench.at("other")), "statistics.seed: was (default), is 7");
        sql(parts[2], "UPDATE examples SET id = 'x' WHERE example = 5");
        says(refusal(parts[2]), "the examples differ");
        CHECK_FALSE(fs::exists(bench.at("merged")));
    }
    SECTION("not from damaged parts, which leave nothing behind") {
        sql(parts[1], "UPDATE attributions SET scores = zeroblob(8) WHERE example = 1");
        says(message_of<InputError>([&] { merge_into(bench.at("merged"), parts); }), "are damaged");
        CHECK_FALSE(fs::exists(bench.at("merged") / "run.sqlite"));
        CHECK_FALSE(fs::exists(bench.at("merged") / "run.next"));
    }
    SECTION("metrics that were changed are computed anew") {
        sql(parts[1], "UPDATE metrics SET value = 0.125");
        CHECK(merge_into(bench.at("merged"), parts).finished);
        CHECK(tables(bench.at("merged")) == expected);
    }
    SECTION("a merge that was killed is repeated") {
        fs::create_directory(bench.at("merged"));
        fs::copy_file(parts[0] / "run.sqlite", bench.at("merged") / "run.next");
        write_bytes((bench.at("merged") / "run.next-wal").string(), "half");
        CHECK(merge_into(bench.at("merged"), parts).finished);
        CHECK(tables(bench.at("merged")) == expected);
    }
    SECTION("not into a folder with a run") {
        says(message_of<InputError>([&] { merge_into(parts[0], parts); }),
             "is to be merged and to hold the result");
        bench.run("used");
        says(message_of<InputError>([&] { merge_into(bench.at("used"), parts); }), "holds a run already");
        CHECK(merge_into(bench.at("used"), parts, Existing::overwrite).finished);
        CHECK(tables(bench.at("used")) == expected);
        says(message_of<InputError>([&] { merge_into(bench.at("merged"), {bench.at("none")}); }),
             "no such folder");
    }
}

TEST_CASE("an example is merged from where it did not fail", "[store][merge]") {
    const Bench bench;
    bench.run("good");
    bench.run("bad");
    sql(bench.at("bad"),
        "INSERT INTO failures VALUES(2, 0, 'made up');"
        "DELETE FROM attributions WHERE example = 2 AND attribution = 0;"
        "DELETE FROM metrics WHERE example = 2 AND point = 0");
    const auto failed = merge_into(bench.at("only"), {bench.at("bad")});
    REQUIRE_FALSE(failed.result.failures.empty());
    CHECK(failed.result.failures.front().message == "made up");
    CHECK(merge_into(bench.at("both"), {bench.at("bad"), bench.at("good")}).result.failures.empty());
    CHECK(tables(bench.at("both")) == tables(bench.at("good")));
}

TEST_CASE("overwriting takes the tables of the old run away, and no foreign database", "[store]") {
    const Bench bench;
    bench.run("run");
    write_bytes((bench.at("run") / "notes.txt").string(), "mine");
    const auto part = bench.run("run", Existing::overwrite, {.shard = {.index = 0, .count = 2}});
    CHECK_FALSE(part.finished);
    CHECK(names_in(tables(bench.at("run"))) ==
          std::vector<std::string>{"config.toml", "environment.json", "notes.txt"});

    fs::create_directory(bench.at("foreign"));
    sqlite::Database((bench.at("foreign") / "run.sqlite").string(), sqlite::Database::Access::create)
        .execute("CREATE TABLE mine(x); INSERT INTO mine VALUES(1)");
    const std::string before = read_bytes((bench.at("foreign") / "run.sqlite").string());
    says(bench.refusal("foreign", Existing::overwrite), "is not the store of a run");
    CHECK(read_bytes((bench.at("foreign") / "run.sqlite").string()) == before);
}

TEST_CASE("stores that were changed by hand are refused by every reader", "[store][hostile]") {
    const Bench bench;
    bench.run("run");
    const std::string run = bench.at("run").string();
    const struct {
        const char* change;
        const char* message;
    } cases[] = {
        {"UPDATE metrics SET reference = 99999 WHERE example = 1 AND point = 0 AND reference = 0",
         "one of which is missing"},
        {"UPDATE metrics SET metric = 99 WHERE example = 1", "one of which is missing"},
        {"UPDATE metrics SET point = 99 WHERE example = 1 AND point = 0", "one of which is missing"},
        {"UPDATE attributions SET tokens = 1, scores = zeroblob(8), cuts = NULL, checksum = 0", "are damaged"},
        {"UPDATE attributions SET cell = cell + 10000000 WHERE example = 1", "which is missing"},
        {"UPDATE attributions SET attribution = 7777 WHERE example = 1", "which is missing"},
        {"UPDATE points SET axes = replace(axes, '\"layer\":1', '\"layer\":\"x\"')", "point 0"},
        {"DELETE FROM points WHERE point >= 3", "missing"},
        {"DELETE FROM reference_names WHERE reference = 0", "reference or metric is missing"},
        {"DELETE FROM metric_names", "references or metrics are not those of its config"},
        {"DROP VIEW results; DROP TABLE metrics; CREATE VIEW metrics AS WITH RECURSIVE n(i) AS (SELECT 0 UNION "
         "ALL "
         "SELECT i + 1 FROM n) SELECT 0 AS example, 0 AS point, 0 AS reference, 0 AS metric, i AS value FROM n",
         "its tables are not those of a run"},
        {"DROP VIEW results", "its tables are not those of a run"},
    };
    for (const auto& c : cases) {
        const fs::path copy = bench.at("copy");
        fs::remove_all(copy);
        fs::copy(run, copy);
        sql(copy, c.change);
        bool refused = false;
        for (const char* command : {"show", "report", "evaluate"}) {
            const auto result = attnflow::testing::attnflow({command, copy.string()});
            INFO(c.change << "\n" << command << ": " << result.err);
            CHECK((result.exit_code == exit_done || result.exit_code == exit_bad_input));
            if (result.exit_code == exit_bad_input) {
                refused = true;
                CHECK(result.err.find("run.sqlite") != std::string::npos);
                CHECK(result.err.find(c.message) != std::string::npos);
            }
        }
        CHECK(refused);
    }
}

TEST_CASE("a strange schema is refused before a table is read", "[store][hostile]") {
    const Bench bench;
    bench.run("run");
    bench.run("other");
    const std::string refused = "its tables are not those of a run";
    SECTION("a view that could answer without end") {
        sql(bench.at("run"),
            "ALTER TABLE meta RENAME TO meta2; "
            "CREATE VIEW meta(key, value) AS SELECT 'merging', 'yes'");
        CHECK_FALSE(RunStore::is_unfinished_merge((bench.at("run") / "run.sqlite").string()));
        says(message_of<InputError>([&] { merge_into(bench.at("run"), {bench.at("other")}); }),
             "holds a run already");
    }
    SECTION("a check that could compute without end, which the check of pages would evaluate") {
        sql(bench.at("run"),
            "PRAGMA ignore_check_constraints = ON; CREATE TABLE more(a INTEGER CHECK(a > 1)); "
            "INSERT INTO more VALUES(0)");
        says(bench.refusal("run", Existing::resume), refused);
        says(message_of<InputError>([&] { evaluate_run(bench.at("run"), {}, 1); }), refused);
    }
}

TEST_CASE("evaluate equals a new run with other metrics, and computes no scores", "[store]") {
    const Bench bench;
    bench.run("run");
    const Settings other = setting_from_argument("evaluation.metrics=[\"kendall_tau_b\", \"pearson\"]");
    const auto evaluated = evaluate_run(bench.at("run"), other, 2);

    Bench fresh;
    fresh.config = load_config(fresh.folder.file("grid.toml"), other);
    fresh.run("run");
    for (const char* table : {"results.csv", "summary.csv", "comparisons.csv", "summary.md", "attributions.csv"}) {
        CHECK(tables(bench.at("run")).at(table) == tables(fresh.at("run")).at(table));
    }
    says(message_of<InputError>([&] { evaluate_run(bench.at("run"), setting_from_argument("axes.layer=1"), 1); }),
         "only evaluation.*, statistics.* and output.* can be changed");
    says(message_of<InputError>([&] {
             evaluate_run(bench.at("run"),
                          setting_from_argument("evaluation.references=[\"method(widest_path)\"]"), 1);
         }),
         "the run holds no scores of widest_path");
    says(message_of<InputError>(
             [&] { evaluate_run(bench.at("run"), setting_from_argument("evaluation.references=blankout"), 1); }),
         "did you mean 'blank_out'?");
    const auto kept = tables(bench.at("run"));
    for (const std::string key : {"evaluation.metrics", "evaluation.references"}) {
        says(message_of<InputError>([&] { evaluate_run(bench.at("run"), setting_from_argument(key + "=[]"), 1); }),
             key + " is empty, expected at least one");
    }
    CHECK(tables(bench.at("run")) == kept);
    CHECK(open_run(bench.at("run")).finished);

    std::atomic<bool> stop = true;
    bench.run("stopped", Existing::refuse, {.stop = &stop});
    says(message_of<InputError>([&] { evaluate_run(bench.at("stopped"), {}, 1); }), "the run is not finished");
}

namespace {

/// Fails on examples with five tokens in layer 2 for as long as the file `broken` exists.
class Moody {
public:
    static EntryInfo describe() {
        return {
            .name = "moody", .summary = "fails now and then", .axes = {axis::heads, axis::layer, axis::source}};
    }
    Attribution attribute(const AttributionProblem& problem) const {
        if (problem.layer == 2 && problem.network.width(0) == 5 && fs::exists("broken")) {
            throw InputError("not today");
        }
        return {.scores = RowMajor<double>(1, problem.network.width(0), 1.0 / 3.0)};
    }
};

// In a process of its own, because registries are for good.
int moody_run(const std::string& folder, const char* how) {
    const pid_t process = ::fork();
    if (process == 0) {
        attribution_methods().add<Moody>();
        if (::chdir(folder.c_str()) != 0) ::_exit(99);
        const char* const arguments[] = {"attnflow", "run", "moody.toml", "--quiet", "--out", "run", how};
        ::_exit(run_app(7, arguments));
    }
    int status = 0;
    ::waitpid(process, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace

TEST_CASE("a failing cell is recorded, the rest goes on, and --resume tries it again", "[store]") {
    const Bench bench;
    write_bytes(bench.folder.file("moody.toml"),
                "methods = [\"moody\", \"rollout\"]\ndataset.path = \"data.safetensors\"\naxes.layer = \"all\"\n"
                "evaluation.references = \"blank_out\"\nstatistics.resamples = 100\n");
    write_bytes(bench.folder.file("broken"), "");
    CHECK(moody_run(bench.folder.path(), "--overwrite") == exit_failures);
    auto files = tables(bench.at("run"));
    CHECK(says(files.at("failures.csv"), "ex1,not today"));
    CHECK(says(files.at("failures.csv"), "ex4,not today"));
    CHECK(std::count(files.at("failures.csv").begin(), files.at("failures.csv").end(), '\n') == 3);
    CHECK(says(files.at("summary.md"), "**2 cells failed**"));
    const auto broken = files;
    CHECK(moody_run(bench.folder.path(), "--resume") == exit_failures);
    CHECK(tables(bench.at("run")) == broken);

    fs::remove(bench.folder.file("broken"));
    CHECK(moody_run(bench.folder.path(), "--resume") == exit_done);
    files = tables(bench.at("run"));
    CHECK_FALSE(files.contains("failures.csv"));
    CHECK(moody_run(bench.folder.path(), "--overwrite") == exit_done);
    CHECK(tables(bench.at("run")) == files);
}

TEST_CASE("the command line runs, resumes, stops and counts", "[store][cli]") {
    const Bench bench;
    const auto run = [&](std::vector<std::string> more) {
        std::vector<std::string> words{"run", "grid.toml", "--out", "run"};
        words.insert(words.end(), more.begin(), more.end());
        return attnflow::testing::attnflow(words, bench.folder.path());
    };
    const auto dry = run({"--dry-run"});
    CHECK(dry.exit_code == exit_done);
    says(dry.out, "grid: 30 grid points x 6 examples = 180 cells");
    CHECK(std::count(dry.out.begin(), dry.out.end(), '\n') == 30 + 4);
    CHECK_FALSE(fs::exists(bench.at("run")));

    const auto quiet = run({"--quiet"});
    CHECK(quiet.exit_code == exit_done);
    CHECK(quiet.out.empty());
    says(quiet.err, "positions = no_special changes nothing in 6 of 6 examples (ex0, ex1, ex2, ...)");
    CHECK(std::count(quiet.err.begin(), quiet.err.end(), '\n') == 1);
    CHECK(run({}).exit_code == exit_bad_input);
    CHECK(run({"--resume", "--overwrite"}).exit_code == exit_bad_input);
    const auto resumed = run({"--resume"});
    CHECK(resumed.exit_code == exit_done);
    says(resumed.out, "Files in run: run.sqlite config.toml");
    // The resolved config is a config.
    const auto again =
        attnflow::testing::attnflow({"run", "run/config.toml", "--out", "again", "--quiet"}, bench.folder.path());
    CHECK(again.exit_code == exit_done);
    CHECK(tables(bench.at("again")).at("results.csv") == tables(bench.at("run")).at("results.csv"));
}

TEST_CASE("the command line runs shards and merges them", "[store][cli][merge]") {
    const Bench bench;
    const std::string config = bench.folder.file("grid.toml");
    const auto out = [&](const std::string& name) { return bench.at(name).string(); };
    CHECK(attnflow::testing::attnflow({"run", config, "--out", out("whole"), "--quiet"}).exit_code == 0);
    const auto first = attnflow::testing::attnflow({"run", config, "--shard", "1/2", "--out", out("a")});
    CHECK(first.exit_code == 0);
    says(first.out, "Part 1 of 2 is done: 3 of 6 examples");
    const auto half = attnflow::testing::attnflow({"merge", out("a"), "--out", out("half")});
    CHECK(half.exit_code == 1);
    says(half.err, "3 of 6 examples were done in none of the runs");
    says(attnflow::testing::attnflow({"show", out("a")}).out, "Not finished: 3 of 6 examples are done");
    CHECK(attnflow::testing::attnflow({"run", config, "--shard", "2/2", "--out", out("b"), "--quiet"}).exit_code ==
          0);
    const auto merged = attnflow::testing::attnflow({"merge", out("a"), out("b"), "--out", out("merged")});
    CHECK(merged.exit_code == 0);
    says(merged.out, "Files in");
    CHECK(tables(bench.at("merged")) == tables(bench.at("whole")));
    for (const char* shard :
         {"", "0/2", "3/2", "1", "1/", "/2", "-1/2", "1/0", "1/2x", "99999999999999999999/2"}) {
        const auto refused = attnflow::testing::attnflow({"run", config, "--shard", shard, "--out", out("none")});
        CHECK(refused.exit_code == 2);
        says(refused.err, "expected K/N");
    }
    CHECK(attnflow::testing::attnflow({"run", config, "--out", ""}).exit_code == 2);
    CHECK(attnflow::testing::attnflow({"merge", "--out", out("none")}).exit_code == 2);
}

TEST_CASE("blobs come back, and bytes that do not fit are refused", "[store]") {
    RowMajor<BindingCut> cuts(2, 2);
    cuts(0, 1) = {CutKind::source_lane, 127};
    cuts(1, 0) = {CutKind::crossing, 128};
    cuts(1, 1) = {CutKind::sink_column, 4294967295u};
    const Blob bytes = encode(cuts);
    CHECK(decode_cuts(bytes, 2, 2) == cuts);
    for (std::size_t n = 0; n < bytes.size(); ++n) {
        CHECK_THROWS_AS(decode_cuts(std::span(bytes).first(n), 2, 2), InputError);
    }
    CHECK_THROWS_AS(decode_cuts(bytes, 2, 1), InputError);
    CHECK_THROWS_AS(decode_cuts(bytes, std::size_t{1} << 62, 4), InputError);
    const double values[] = {0.1, -0.0, 1e-300, 0.5};
    RowMajor<double> scores(2, 2);
    std::copy(std::begin(values), std::end(values), scores.values().begin());
    CHECK(decode_scores(encode(values), 2, 2) == scores);
    CHECK_THROWS_AS(decode_scores(encode(values), 2, 3), InputError);
    CHECK_THROWS_AS(decode_scores(encode(values), 1, 2), InputError);
    CHECK_THROWS_AS(decode_scores(encode(values), std::size_t{1} << 63, 2), InputError);
}

TEST_CASE("a set of sources is a value of the grid, read off as all of them are", "[store]") {
    const Bench bench(
        "methods = [\"rollout\", \"attention_flow\", \"best_path\"]\ndataset.path = \"data.safetensors\"\n"
        "axes.layer = \"all\"\naxes.source = [0, 2, \"[0,2]\", \"1:\"]\naxes.readout = \"column_sum\"\n"
        "evaluation.references = \"blank_out\"\nstatistics.resamples = 100\noutput.attributions = true\n");
    const RunFolder run = bench.run("run");
    CHECK(run.result.failures.empty());
    const auto& grid = run.result.grid;
    std::map<std::pair<std::size_t, std::string>, const AttributionRow*> by_point;
    for (const AttributionRow& row : run.result.attributions)
        by_point[{row.example, grid[row.point].key(AxisStage::reading)}] = &row;
    std::size_t sums = 0;
    for (const AttributionRow& row : run.result.attributions) {
        const GridPoint& point = grid[row.point];
        if (point.text("source") != "[0,2]") continue;
        const auto of = [&](std::int64_t source) {
            return by_point.at({row.example, point.with("source", source).key(AxisStage::reading)})->scores;
        };
        for (std::size_t t = 0; t < row.scores.size(); ++t) CHECK(row.scores[t] == Approx(of(0)[t] + of(2)[t]));
        ++sums;
    }
    CHECK(sums == 3 * 3 * 6);
    CHECK(tables(bench.at("run")) == [&] {
        std::atomic<bool> stop = false;
        bench.run(
            "cut", Existing::resume,
            {.jobs = 3, .progress = [&](std::size_t, std::size_t, std::size_t) { stop = true; }, .stop = &stop});
        bench.run("cut", Existing::resume, {.jobs = 2});
        return tables(bench.at("cut"));
    }());
    write_bytes(bench.folder.file("row.toml"),
                "methods = \"rollout\"\ndataset.path = \"data.safetensors\"\naxes.source = \"0:2\"\n");
    says(message_of<InputError>([&] { load_config(bench.folder.file("row.toml"), {}); }),
         "row: source \"0:2\" gives a row of scores for every position; choose axes.readout");
}
