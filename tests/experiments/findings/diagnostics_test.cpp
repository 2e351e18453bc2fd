#include "experiments/findings/diagnostics.hpp"

#include <algorithm>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "algorithms/attribution_method.hpp"
#include "experiments/store/results.hpp"
#include "tests/attention/make_files.hpp"
#include "tests/run_with_members.hpp"

using namespace attnflow;
using namespace attnflow::testing;
using Json = nlohmann::json;
namespace fs = std::filesystem;

namespace {

/// Answers by a number that depends on the heads, the layer and the example, and is not sure of layer 1.
class Iterative {
public:
    static EntryInfo describe() {
        return {.name = "iterative",
                .summary = "comes nearer to an answer, step by step",
                .axes = {axis::heads, axis::layer, axis::source},
                .diagnostics = {{"iterations", "steps of the solver"}, {"gap", "between its bounds"}}};
    }
    Attribution attribute(const AttributionProblem& problem) const {
        const std::size_t n = problem.network.width(0);
        const double largest =
            *std::max_element(problem.network.capacities().begin(), problem.network.capacities().end());
        Attribution answer{.scores = RowMajor<double>(problem.sources.size(), n, 1.0 / static_cast<double>(n))};
        answer.diagnostics.numbers = {{"iterations", static_cast<double>(n + problem.layer)}, {"gap", largest}};
        if (problem.layer == 1)
            answer.diagnostics.warnings = {"stopped\x1b after " + std::to_string(n) + " steps"};
        return answer;
    }
};

struct Bench {
    TemporaryDirectory folder;

    Bench() {
        write_small_dataset(folder.file("data.safetensors"), 2, 2, {4, 5, 3});
        write_bytes(folder.file("both.toml"),
                    "methods = [\"iterative\", \"rollout\"]\ndataset.path = \"data.safetensors\"\n"
                    "axes.layer = \"all\"\nevaluation.references = \"blank_out\"\nstatistics.resamples = 100\n");
    }
    CommandResult run(const std::vector<std::string>& arguments) const {
        const auto result =
            run_with_members([] { attribution_methods().add<Iterative>(); }, arguments, folder.path());
        INFO(result.err);
        CHECK(result.exit_code == 0);
        return result;
    }
    std::string file(const std::string& name) const { return read_bytes(folder.file(name)); }
    bool has(const std::string& name) const { return fs::exists(folder.file(name)); }
    Json json(std::vector<std::string> arguments) const {
        arguments.insert(arguments.begin(), {"attribute", "data.safetensors", "--example", "ex1", "--method",
                                             "iterative", "--format", "json"});
        return Json::parse(run(arguments).out);
    }
};

void says(const std::string& text, const std::string& part) {
    INFO(text.substr(0, 2000) << "\nmisses\n" << part);
    CHECK(text.find(part) != std::string::npos);
}

}  // namespace

TEST_CASE("numbers and warnings of settings: least, mean and largest over examples and layers", "[diagnostics]") {
    Results results;
    results.examples = {"a", "b", "c"};
    const auto layer = [](std::int64_t l) { return GridPoint{"iterative", {{"layer", l}}}; };
    results.grid = {layer(1), layer(2)};
    results.beside_grid = {{"other", {}}};
    results.diagnostics = {{0, 0, {{{"gap", 1.0}}, {}}},
                           {0, 2, {{{"gap", 9.0}}, {"lost"}}},
                           {1, 1, {{{"gap", 4.0}, {"steps", 2.0}}, {"slow", "flat"}}},
                           {2, 0, {{{"gap", 1.0}}, {}}},
                           {2, 1, {{}, {"slow"}}}};
    const DiagnosticFindings findings = diagnostic_findings(results);
    REQUIRE(findings.numbers.size() == 3);
    CHECK(findings.numbers[0].label == "iterative");
    CHECK(findings.numbers[0].name == "gap");
    CHECK(findings.numbers[0].n == 3);
    CHECK(findings.numbers[0].least == 1.0);
    CHECK(findings.numbers[0].mean == 2.0);
    CHECK(findings.numbers[0].largest == 4.0);
    CHECK(findings.numbers[1].name == "steps");
    CHECK(findings.numbers[2].label == "other");
    REQUIRE(findings.doubts.size() == 2);
    CHECK(findings.doubts[0].title == "iterative warns of 2 answers");
    CHECK(findings.doubts[0].text == "In 2 of 3 examples. For instance b, layer 2: slow");
    CHECK(findings.doubts[1].title == "other warns of 1 answer");

    CHECK(diagnostic_findings({}).numbers.empty());
}

TEST_CASE("diagnostics of a run: kept, the same for any number of threads, resumed, merged, evaluated and shown",
          "[diagnostics][store]") {
    const Bench bench;
    bench.run({"run", "both.toml", "--out", "run", "--jobs", "1", "--quiet"});
    const std::string csv = bench.file("run/diagnostics.csv");
    const std::string summary = bench.file("run/summary.md");
    says(csv, "example,diagnostic,value,warning\n");
    says(csv, ",ex0,iterations,5,\n");
    says(csv, ",ex1,iterations,7,\n");
    says(csv, ",ex2,,,stopped\\u001b after 3 steps\n");
    CHECK(csv.find("rollout") == std::string::npos);
    says(summary, "## Diagnostics");
    says(summary, "| iterative | iterations | 6 | 4 | 5.5 | 7 |");
    says(summary, "**iterative warns of 3 answers.** In 3 of 3 examples. For instance ex0, layer 1: stopped");

    bench.run({"run", "both.toml", "--out", "jobs", "--jobs", "3", "--quiet"});
    CHECK(bench.file("jobs/diagnostics.csv") == csv);
    bench.run({"run", "both.toml", "--out", "one", "--shard", "1/2", "--quiet"});
    bench.run({"run", "both.toml", "--out", "two", "--shard", "2/2", "--quiet"});
    bench.run({"merge", "one", "two", "--out", "merged", "--quiet"});
    CHECK(bench.file("merged/diagnostics.csv") == csv);
    CHECK(bench.file("merged/summary.md") == summary);
    // A run that grows keeps what was said in it.
    bench.run(
        {"run", "both.toml", "--out", "grown", "--set", "methods=iterative", "--set", "axes.layer=1", "--quiet"});
    bench.run({"run", "both.toml", "--out", "grown", "--resume", "--quiet"});
    CHECK(bench.file("grown/diagnostics.csv") == csv);
    bench.run({"evaluate", "run", "--set", "evaluation.metrics=pearson", "--quiet"});
    CHECK(bench.file("run/diagnostics.csv") == csv);

    const std::string shown = bench.run({"show", "run"}).out;
    says(shown, "Diagnostics of the methods, over examples and layers");
    says(shown, "Warning: iterative warns of 3 answers.");
    const std::string said = bench.run({"evaluate", "run", "--set", "evaluation.metrics=spearman"}).out;
    says(said, "Warning: iterative warns of 3 answers.");
    bench.run({"report", "run", "--out", "page.html"});
    says(bench.file("page.html"), R"("diagnostics":[{"method":"iterative","diagnostic":"gap","n":6,"min":)");
    says(bench.file("page.html"), R"("id":"doubt-0","title":"iterative warns of 3 answers")");

    // Of an answer that only a reference asks for, too.
    bench.run({"run", "both.toml", "--out", "beside", "--quiet", "--set", "methods=rollout", "--set",
               "evaluation.references=[\"blank_out\", \"method(iterative)\"]"});
    says(bench.file("beside/summary.md"), "**iterative warns of 3 answers.**");
    says(bench.file("beside/diagnostics.csv"), ",ex1,iterations,7,\n");
    // Where no method has any there is nothing of it, nor left from before.
    bench.run({"run", "both.toml", "--out", "run", "--overwrite", "--quiet", "--set", "methods=rollout"});
    CHECK_FALSE(bench.has("run/diagnostics.csv"));
    CHECK(bench.file("run/summary.md").find("Diagnostics") == std::string::npos);
    const std::string plain = bench.run({"show", "run"}).out;
    INFO(plain);
    CHECK(plain.find("iagnostics") == std::string::npos);
    bench.run({"report", "run", "--out", "plain.html"});
    CHECK(bench.file("plain.html").find("\"diagnostics\":") == std::string::npos);
}

TEST_CASE("attribute shows diagnostics; of late heads the largest, of words those of tokens",
          "[diagnostics][cli]") {
    const Bench bench;
    const Json mean = bench.json({"--layer", "1"});
    CHECK(mean.at("diagnostics").at("iterations") == 6.0);
    CHECK(mean.at("warnings") == Json({"stopped\x1b after 5 steps"}));
    CHECK_FALSE(bench.json({"--layer", "2"}).contains("warnings"));
    const double first = bench.json({"--heads", "single(0)"}).at("diagnostics").at("gap");
    const double second = bench.json({"--heads", "single(1)"}).at("diagnostics").at("gap");
    CHECK(first != second);
    CHECK(bench.json({"--heads", "late"}).at("diagnostics").at("gap") == std::max(first, second));
    // Nor do they get lost where tokens become words.
    const std::string words = bench.folder.file("words.safetensors");
    write_safetensors(words, {attention_tensor("attentions", 2, 2, 4)},
                      {{"tokens", R"(["[CLS]", "key", "##s", "turn"])"}});
    const auto of_words = [&](std::vector<std::string> more) {
        std::vector<std::string> arguments{"attribute", words, "--method", "iterative", "--format", "json"};
        arguments.insert(arguments.end(), more.begin(), more.end());
        return Json::parse(bench.run(arguments).out);
    };
    const Json after = of_words({"--units", "words_after"});
    CHECK(after.at("scores").size() == 3);
    CHECK(after.at("diagnostics") == of_words({}).at("diagnostics"));
    CHECK_FALSE(Json::parse(bench
                                .run({"attribute", "data.safetensors", "--example", "ex1", "--method", "rollout",
                                      "--format", "json"})
                                .out)
                    .contains("diagnostics"));

    const auto table =
        bench.run({"attribute", "data.safetensors", "--example", "ex1", "--method", "iterative", "--layer", "1"});
    says(table.out, "\ndiagnostics: gap 0.");
    says(table.out, ", iterations 6\n\nwarning: stopped\\u001b after 5 steps\n");
    const auto csv = bench.run({"attribute", "data.safetensors", "--example", "ex1", "--method", "iterative",
                                "--layer", "1", "--format", "csv"});
    says(csv.err, "note: iterative warns: stopped\\u001b after 5 steps\n");
    says(bench.run({"describe", "iterative"}).out, "  diagnostic iterations: steps of the solver\n");
}
