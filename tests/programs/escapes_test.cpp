/// Nothing of a file drives a terminal: every name in the files below holds what would, and every command that
/// reads them is looked at.

#include <filesystem>

#include <nlohmann/json.hpp>

#include <catch2/catch.hpp>

#include "experiments/store/sqlite.hpp"
#include "tests/attention/make_files.hpp"
#include "tests/run_command.hpp"

using namespace attnflow;
using attnflow::testing::CommandResult;
using attnflow::testing::read_bytes;
using attnflow::testing::TemporaryDirectory;
using attnflow::testing::write_bytes;

namespace {

namespace fs = std::filesystem;

/// A sequence that clears the screen, a bell, an 8-bit control, an order of writing, a line that looks like ours.
const std::string evil =
    "\x1b[2J\x07\xc2\x9b"
    "31m\xe2\x80\xae\x7f\r\nFORGED";
const std::string evil_toml = "\\u001b[2J\\u0007\\u009b31m\\u202e\\u007f\\r\\nFORGED";

std::string trouble(const std::string& text) {
    if (text.find("\nFORGED") != std::string::npos || text.find("\rFORGED") != std::string::npos) return "a line";
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto c = static_cast<unsigned char>(text[i]);
        const auto next = i + 1 < text.size() ? static_cast<unsigned char>(text[i + 1]) : 0u;
        if ((c < 0x20 && c != '\n') || c == 0x7f) return "a control character";
        if (c == 0xc2 && next >= 0x80 && next < 0xa0) return "an 8-bit control";
        if (text.compare(i, 3, "\xe2\x80\xae") == 0) return "an order of writing";
    }
    return "";
}

int shown = 0;  // how often a name was there to be shown

void check(const CommandResult& result, const std::string& what) {
    INFO(what << "\n" << result.out << result.err);
    CHECK(result.exit_code <= 2);
    CHECK(trouble(result.out).empty());
    CHECK(trouble(result.err).empty());
    if ((result.out + result.err).find("FORGED") != std::string::npos) ++shown;
}

/// Two examples; ids, tokens, groups, names of scores and weights and metadata all evil.
void write_dataset(const std::string& path) {
    using Json = nlohmann::ordered_json;
    std::vector<float> data;
    Json header = Json::object();
    Json examples = Json::array();
    const auto add = [&](const std::string& name, const std::vector<std::size_t>& shape,
                         const std::vector<float>& values) {
        const std::size_t begin = data.size() * sizeof(float);
        data.insert(data.end(), values.begin(), values.end());
        header[name] = {
            {"dtype", "F32"}, {"shape", shape}, {"data_offsets", {begin, data.size() * sizeof(float)}}};
    };
    for (const std::string letter : {"a", "b"}) {
        const std::string id = letter + evil;
        add(id + ".attentions", {1, 1, 2, 2}, {1, 0, 0.5f, 0.5f});
        add(id + ".w" + evil, {1, 1, 2, 2}, {1, 0, 0.5f, 0.5f});
        add(id + ".s" + evil, {2}, {1, 2});
        examples.push_back(
            Json{{"id", id}, {"tokens", Json::array({"t" + evil, "[SEP]" + evil})}, {"group", "g" + evil}});
    }
    Json extraction = Json::object();
    extraction["k" + evil] = "v" + evil;
    header["__metadata__"] = {{"examples", examples.dump()}, {"extraction", extraction.dump()}};
    write_bytes(path,
                attnflow::testing::raw_safetensors(
                    header.dump(), {reinterpret_cast<const char*>(data.data()), data.size() * sizeof(float)}));
}

}  // namespace

TEST_CASE("what files call things cannot drive a terminal, whatever the command", "[cli][hostile]") {
    const TemporaryDirectory folder;
    const std::string data = folder.file("data.safetensors");
    write_dataset(data);
    const auto command = [&](std::vector<std::string> words) {
        return attnflow::testing::attnflow(std::move(words), folder.path());
    };
    check(command({"validate", data}), "validate");
    const std::string id = "a" + evil;
    for (const char* format : {"table", "json", "csv"}) {
        check(command({"attribute", data, "--example", id, "--method", "rollout", "--format", format}), format);
    }
    check(command({"attribute", data, "--example", id, "--method", "attention_flow", "--source", "all"}),
          "matrix");
    check(command({"attribute", data, "--method", "rollout"}), "choose an example");
    check(command({"attribute", data, "--example", "nothing like it", "--method", "rollout"}), "no such example");
    check(command({"attribute", data, "--example", id, "--method", "rollout", "--edge-weights", "zzzzzzzzzzzz"}),
          "known edge weights");

    const std::string settings =
        "methods = [\"rollout\", \"column_sum\"]\ndataset.path = \"data.safetensors\"\nstatistics.resamples = "
        "100\n";
    const auto config = [&](const std::string& more) {
        write_bytes(folder.file("c.toml"), settings + more);
        return folder.file("c.toml");
    };
    const auto run = [&](const std::string& more) { return command({"run", config(more), "--out", "out"}); };
    check(run("evaluation.references = [\"zzzzzzzzzzzzzzzzzzzz\"]\n"), "known references");
    check(run("axes.edge_weights = \"zzzzzzzzzzzzzzzzzzzzz\"\nevaluation.references = [\"method(column_sum)\"]\n"),
          "known edge weights of a run");
    for (const char* point : {"axes.layer = 99", "axes.source = 99", "axes.source = \"mask\""})
        check(run(std::string(point) + "\nevaluation.references = [\"method(column_sum)\"]\n"), point);
    for (const std::string& key :
         {"methods = [\"" + evil_toml + "\"]", "\"" + evil_toml + "\" = 1", "axes.layer = \"" + evil_toml + "\"",
          "evaluation.metrics = [\"" + evil_toml + "\"]", "dataset.special_tokens = [1, \"" + evil_toml + "\"]",
          "include = \"" + evil_toml + "\"", "preset = \"" + evil_toml + "\"",
          "dataset.path = \"" + evil_toml + "\"", "statistics.resamples = \"" + evil_toml + "\""}) {
        const bool whole = key.starts_with("methods") || key.starts_with("dataset.path");
        write_bytes(folder.file("c.toml"),
                    whole ? "methods = [\"rollout\"]\ndataset.path = \"x\"\n" : settings + key);
        if (whole) {
            check(command({"run", folder.file("c.toml"), "--dry-run", "--set", key}), key);
            continue;
        }
        check(command({"run", folder.file("c.toml"), "--dry-run"}), key);
    }

    const std::string whole = config("evaluation.references = [\"s" + evil_toml + "\"]\n");
    check(command({"run", whole, "--dry-run"}), "dry run");
    check(command({"run", whole, "--out", "out"}), "run");
    check(command({"show", "out"}), "show");
    check(command({"evaluate", "out"}), "evaluate");
    check(command({"merge", "out", "--out", "merged"}), "merge");
    check(command({"report", "out", "--out", evil + ".html"}), "report");
    check(command({"figures", "out", "--format", "csv", "--out", evil, "--example", id}), "figures");
    check(command({"figures", "out", "--format", "csv", "--example", "nothing like it"}), "known examples");
    // Of the store: a name that none of ours could have.
    sqlite::Database((fs::path(folder.path()) / "out/run.sqlite").string(), sqlite::Database::Access::write)
        .execute("UPDATE metric_names SET name = char(27) || 'FORGED'");
    check(command({"show", "out"}), "a store that was changed");

    write_bytes(folder.file("p.max"), "p max 2 1\nn 1 s\nn 2 t\na 1 2 " + evil + "\n");
    check(command({"solve", folder.file("p.max")}), "solve");
    write_bytes(folder.file("x.npy"), "\x93NUMPY\x01" + std::string(1, '\0') + std::string("\x30", 1) +
                                          std::string(1, '\0') + "{'descr': '" + evil +
                                          "', 'fortran_order': False, }   ");
    CHECK(trouble(command({"validate", folder.file("x.npy")}).err).empty());
    const std::string path = folder.file("p" + evil + ".safetensors");
    for (const auto& words :
         std::vector<std::vector<std::string>>{{"validate", path},
                                               {"attribute", path, "--method", "rollout"},
                                               {"run", path},
                                               {"solve", path},
                                               {"show", path},
                                               {"report", path},
                                               {"evaluate", path},
                                               {"merge", path, "--out", "x"},
                                               {"figures", path, "--format", "csv"},
                                               {"extract", "--model", path, "--text", "x", "--out", "y"},
                                               {"generate", evil, "--out", "x.max"},
                                               {"describe", evil},
                                               {"attribute", data, "--method", evil}}) {
        check(command(words), words[0] + " of a file that is not there");
    }
    CHECK(shown > 30);
}
