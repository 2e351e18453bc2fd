/// `attnflow extract`: nothing that it reads is written over, and nothing wrong is written.

#include <filesystem>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "attention/files/safetensors.hpp"
#include "tests/run_command.hpp"

using namespace attnflow;
using namespace attnflow::testing;

namespace {

namespace fs = std::filesystem;

const std::string golden_folder = std::string(ATTNFLOW_SOURCE_DIR) + "/tests/golden/model/";

/// A golden model in a folder of its own.
struct Copy {
    TemporaryDirectory folder;

    explicit Copy(const std::string& name = "classifier") {
        fs::create_directory(file("m"));
        for (const auto& entry : fs::directory_iterator(golden_folder + name)) {
            fs::copy(entry.path(), file("m/" + entry.path().filename().string()));
        }
    }
    std::string file(const std::string& name) const { return folder.file(name); }
};

}  // namespace

TEST_CASE("extract does not write over what it reads", "[cli][model]") {
    const Copy copy;
    const std::string text = copy.file("s.txt");
    write_bytes(text, "a b\n");
    fs::create_symlink("s.txt", copy.file("link.txt"));
    fs::create_directory(copy.file("blobs"));
    fs::rename(copy.file("m/config.json"), copy.file("blobs/1"));
    fs::create_symlink("../blobs/1", copy.file("m/config.json"));
    fs::create_symlink("m", copy.file("n"));
    const std::string weights = read_bytes(copy.file("m/model.safetensors"));
    for (const std::string out : {"m/model.safetensors", "n/model.safetensors", "m/new.safetensors", "m/./x/../y",
                                  "s.txt", "link.txt", "blobs/1"}) {
        INFO(out);
        const auto result = attnflow::testing::attnflow(
            {"extract", "--model", copy.file("m"), "--file", text, "--out", copy.file(out)});
        CHECK(result.exit_code == 2);
        CHECK_THAT(result.err, Catch::Contains("--out") && Catch::Contains("expected another"));
    }
    CHECK(read_bytes(text) == "a b\n");
    CHECK(read_bytes(copy.file("m/model.safetensors")) == weights);
    CHECK_FALSE(fs::exists(copy.file("m/new.safetensors")));
    const auto beside = attnflow::testing::attnflow(
        {"extract", "--model", copy.file("m"), "--file", text, "--out", copy.file("m2")});
    CHECK(beside.exit_code == 0);
}

TEST_CASE("extract does not replace a file that is read-only", "[cli][model]") {
    const Copy copy;
    write_bytes(copy.file("d"), "mine");
    fs::permissions(copy.file("d"), fs::perms::owner_read | fs::perms::group_read | fs::perms::others_read);
    const auto extract = [&] {
        return attnflow::testing::attnflow(
            {"extract", "--model", copy.file("m"), "--text", "a", "--out", copy.file("d")});
    };
    CHECK(extract().exit_code == 2);
    CHECK_THAT(extract().err, Catch::Contains("d: cannot be written: it is read-only, expected another place"));
    CHECK(read_bytes(copy.file("d")) == "mine");
    fs::permissions(copy.file("d"), fs::perms::owner_write, fs::perm_options::add);
    CHECK(extract().exit_code == 0);
}

TEST_CASE("tokens that cannot be removed score 0 and do not stop a file", "[cli][model]") {
    const Copy copy("masked_lm");
    write_bytes(copy.file("s.txt"), "a [MASK] b\n[MASK]\n");
    const auto result =
        attnflow::testing::attnflow({"extract", "--model", copy.file("m"), "--file", copy.file("s.txt"), "--with",
                                     "blank_out", "--replace", "remove", "--out", copy.file("d")});
    INFO(result.err);
    REQUIRE(result.exit_code == 0);
    const auto file = SafetensorsFile::open(copy.file("d"));
    for (const char* name : {"ex00000.blank_out", "ex00000.blank_out_margin"}) {
        const auto scores = file->tensors().at(name).values();
        REQUIRE(scores.size() == 5);
        for (std::size_t t = 0; t < scores.size(); ++t) CHECK((scores[t] == 0.0) == (t == 2));
    }
}

// Of the sanitizers' programs the shadow memory alone is larger.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
TEST_CASE("an address space that is too small for the threads is an error that says so", "[cli][model]") {
    const TemporaryDirectory folder;
    const auto extract = [&](const std::string& kilobytes, const std::string& jobs) {
        // Not for ever: at worst it is killed, and the exit code is another.
        return run_program({"/bin/sh", "-c",
                            "ulimit -v " + kilobytes + "; exec timeout -s KILL 60 \"$0\" extract --model " +
                                source_folder() + "/experiments/models/sva-bert-6x8 --file " + source_folder() +
                                "/experiments/data/sva_sentences.tsv --out d --jobs " + jobs,
                            executable()},
                           folder.path());
    };
    const auto cramped = extract("150000", "1");
    if (cramped.exit_code == 0) return;  // a BLAS that needs no such room
    CHECK(cramped.exit_code == 2);
    const auto refused = extract("400000", "4");
    CHECK(refused.exit_code == 2);
    CHECK_THAT(refused.err, Catch::Contains("not enough address space for matrix products in ") &&
                                Catch::Contains("ulimit -v"));
    CHECK_FALSE(fs::exists(folder.file("d")));
    CHECK(extract("400000", "1").exit_code == 0);
}
#endif
