/// The report without a browser: what the page holds, that strangers' text cannot leave its
/// place, and that embedded numbers are those of the run. tests/report has the browser's part.

#include "experiments/report/report_data.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "experiments/report/base64.hpp"
#include "experiments/report/explorer_network.hpp"
#include "experiments/report/figures.hpp"
#include "experiments/report/page.hpp"
#include "experiments/report/show.hpp"
#include "graph/support/error.hpp"
#include "tests/attention/make_files.hpp"
#include "tests/experiments/run_in_memory.hpp"

using namespace attnflow;
using attnflow::testing::message_of;
using attnflow::testing::TemporaryDirectory;

namespace {

const std::string hostile = "</script><img src=x onerror=alert(1)>";

struct Run {
    TemporaryDirectory folder;
    Config config;
    Results result;
    Findings findings;
    std::optional<Dataset> dataset;

    Run(const std::string& token, const std::vector<std::size_t>& lengths, std::size_t layers = 3,
        const std::string& more_axes = "") {
        testing::write_small_dataset(folder.file("small.safetensors"), layers, 2, lengths);
        if (!token.empty()) rename_first_token(token);
        testing::write_bytes(folder.file("small.toml"),
                             "methods = [\"rollout\", \"attention_flow\", \"column_sum\"]\n"
                             "[dataset]\npath = \"small.safetensors\"\n[axes]\nlayer = \"all\"\n"
                             "positions = [\"all\", \"no_special\"]\n" +
                                 more_axes +
                                 "[evaluation]\nreferences = [\"blank_out\"]\n[output]\nattributions = true\n");
        config = load_config(folder.file("small.toml"), {});
        dataset = Dataset::open(config.dataset.string());
        auto done = testing::run_in_memory(config, *dataset, 1);
        result = std::move(done.result);
        findings = std::move(done.findings);
    }

    void rename_first_token(const std::string& token) {
        const std::string path = folder.file("small.safetensors");
        const std::string bytes = testing::read_bytes(path);
        std::uint64_t length = 0;
        std::memcpy(&length, bytes.data(), sizeof length);
        auto header = nlohmann::json::parse(bytes.substr(8, length));
        auto examples = nlohmann::json::parse(header["__metadata__"]["examples"].get<std::string>());
        examples[0]["tokens"][0] = token;
        header["__metadata__"]["examples"] = examples.dump();
        testing::write_bytes(path, testing::raw_safetensors(header.dump(), bytes.substr(8 + length)));
    }

    ReportData gather(const ReportOptions& options = {}) const {
        return gather_report(config, result, findings, &*dataset, options);
    }
};

std::string sha256_of(std::string_view text) {
    unsigned char digest[32];
    unsigned int size = 0;
    REQUIRE(EVP_Digest(text.data(), text.size(), digest, &size, EVP_sha256(), nullptr) == 1);
    return "'sha256-" + base64({digest, size}) + "'";
}

}  // namespace

TEST_CASE("base64 is RFC 4648", "[report]") {
    const auto encode = [](const std::string& text) {
        return base64({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
    };
    CHECK(encode("") == "");
    CHECK(encode("f") == "Zg==");
    CHECK(encode("fo") == "Zm8=");
    CHECK(encode("foo") == "Zm9v");
    CHECK(encode("foobar") == "Zm9vYmFy");
    CHECK(base64_of(std::vector<std::uint32_t>{1}) == "AQAAAA==");
    CHECK(base64_of(std::vector<std::uint16_t>{0x1234}) == "NBI=");
}

TEST_CASE("the page's policy names exactly the script and style that are embedded", "[report]") {
    const std::string policy(report_asset::policy);
    CHECK(policy.find("default-src 'none'") == 0);
    CHECK(policy.find("script-src " + sha256_of(report_asset::script) + ";") != std::string::npos);
    CHECK(policy.find("style-src " + sha256_of(report_asset::style) + ";") != std::string::npos);
    CHECK(policy.find("unsafe") == std::string::npos);
    CHECK(report_asset::licences.find("vega-lite") != std::string_view::npos);
}

TEST_CASE("a token that looks like markup stays a token", "[report]") {
    const Run run(hostile, {4, 5});
    const ReportData data = run.gather();
    CHECK(data.json.find_first_of("<>&") == std::string::npos);
    const auto json = nlohmann::json::parse(data.json);
    CHECK(json["examples"][0]["tokens"][0] == hostile);
    const std::string page = report_page(data);
    CHECK(page.find("<img") == std::string::npos);
    const auto script_ends = [&] {
        std::size_t count = 0;
        for (std::size_t at = page.find("</script"); at != std::string::npos; at = page.find("</script", at + 1))
            ++count;
        return count;
    };
    CHECK(script_ends() == 2);
    CHECK(escape_html("<a b=\"c\">&'") == "&lt;a b=&quot;c&quot;&gt;&amp;&#39;");
}

TEST_CASE("the document brings the words that the page would else repeat", "[report]") {
    Run run("", {4});
    run.config.metrics = {"kendall_tau_b", "precision_at_k(3)"};
    run.result.rows.clear();
    run.findings.summary = {};
    const auto json = nlohmann::json::parse(run.gather().json);
    using Json = nlohmann::json;
    REQUIRE(json["metrics"].size() == 2);
    CHECK(json["metrics"][0] == Json{{"name", "kendall_tau_b"},
                                     {"title", "Kendall tau-b"},
                                     {"direction", "larger"},
                                     {"asks_model", false}});
    CHECK(json["metrics"][1]["name"] == "precision_at_k(3)");
    CHECK(json["metrics"][1]["title"] == "precision_at_k(3)");
    REQUIRE(json["compared_with"].size() == 1);  // of the methods of the run
    CHECK(json["compared_with"]["attention_flow"] == Json::array({"column_sum", "rollout"}));
    std::map<std::string, std::string> stages;
    for (const auto& axis : json["axes"]) stages[axis["name"]] = axis["stage"];
    CHECK(stages.at("heads") == "network");
    CHECK(stages.at("layer") == "attribution");
    CHECK(stages.at("readout") == "reading");
    CHECK(stages.at("positions") == "comparing");
    CHECK(json["points"][0].size() == 1 + json["axes"].size());
    REQUIRE(json["cuts"].size() == std::size(all_cut_kinds));
    for (std::size_t k = 0; k < std::size(all_cut_kinds); ++k) {
        const CutShape& shape = shape_of(all_cut_kinds[k]);
        CHECK(json["cuts"][k]["kind"] == shape.name);
        CHECK(json["cuts"][k]["is_trivial"] == shape.is_trivial);
        if (shape.kind != CutKind::interior) CHECK(json["cuts"][k]["at"] == to_string(shape.at));
    }
}

TEST_CASE("the document holds the tables, points and examples of the run", "[report]") {
    const Run run("", {4, 6});
    const ReportData data = run.gather();
    const auto json = nlohmann::json::parse(data.json);
    CHECK(json["run"]["examples"] == 2);
    CHECK(json["points"].size() == run.result.grid.size());
    CHECK(json["tables"]["correlation_by_layer"]["rows"].size() == run.result.grid.size());
    CHECK(json["examples"].size() == 2);
    CHECK(json["examples"][1]["tokens"].size() == 6);
    CHECK(json["examples"][1]["references"]["blank_out"].size() == 6);
    CHECK(data.left_out.empty());
    CHECK(json["saturation"][0]["title"] ==
          saturation_findings(run.findings.saturation, run.result.grid)[0].title);
    // heads + skip, and the same without skip connection
    REQUIRE(json["networks"].size() == 2);
    const std::size_t fused = json["networks"][0]["settings"].contains("skip_weight") ? 0 : 1;
    CHECK(json["networks"][fused]["raw"] == 1 - fused);
    // 3 layers of 4 x 4 capacities, 4 bytes each, in base64
    CHECK(json["examples"][0]["networks"][0]["dense"].get<std::string>().size() == 3 * 16 * 4 / 3 * 4);
}

TEST_CASE("examples are left out to keep the page small, and the document says so", "[report]") {
    const Run run("", {4, 5, 6});
    const ReportData one = run.gather({.examples = 1});
    CHECK(one.embedded_examples == 1);
    REQUIRE(one.left_out.size() == 1);
    CHECK(one.left_out[0] == "2 of 3 examples in the explorer (--examples 3 asks for all of them).");

    ReportOptions tight;
    tight.max_bytes = run.gather({.examples = 1}).json.size() + 200;
    const ReportData limited = run.gather(tight);
    CHECK(limited.json.size() <= tight.max_bytes + 1000);
    CHECK(limited.embedded_examples < 3);
    REQUIRE_FALSE(limited.left_out.empty());
    CHECK(limited.left_out[0].find("larger than") != std::string::npos);

    const ReportData none = gather_report(run.config, run.result, run.findings, nullptr, {});
    CHECK(none.embedded_examples == 0);
    CHECK(none.left_out.at(0).find("cannot be read any more") != std::string::npos);
    const auto warnings = nlohmann::json::parse(none.json)["warnings"];
    REQUIRE(warnings.size() == 1);  // no token of these is special
    CHECK(warnings[0]["title"] == "positions all and no_special give the same scores");
    CHECK(warnings[0]["id"] == "equal-0");

    const ReportData changed =
        gather_report(run.config, run.result, run.findings, nullptr, {.dataset_changed = true});
    CHECK(changed.left_out.at(0).find("has changed since the run") != std::string::npos);
    CHECK(nlohmann::json::parse(changed.json)["warnings"][0]["title"] == "The dataset has changed since this run");

    ReportOptions named;
    named.example = "ex2";
    CHECK(nlohmann::json::parse(run.gather(named).json)["examples"][0]["id"] == "ex2");
    named.example = "ex9";
    CHECK(message_of<ParameterError>([&] { run.gather(named); }).find("no example 'ex9' in this run") == 0);
}

TEST_CASE("above 64 tokens the page gets the largest edges and ready flows", "[report]") {
    const Run run("", {65}, 2);
    const auto json = nlohmann::json::parse(run.gather().json);
    for (const auto& network : json["examples"][0]["networks"]) {
        CHECK_FALSE(network.contains("dense"));
        CHECK(network["k"] == kept_edges_per_vertex);
        CHECK(network["kept"].get<double>() < 1.0);
    }
    const auto& pairs = json["examples"][0]["networks"][0]["pairs"];
    REQUIRE_FALSE(pairs.empty());
    for (const auto& pair : pairs) {
        double into_sink = 0.0;
        for (const auto& edge : pair["edges"]) {
            if (edge[0] == 1 && edge[2] == pair["sink"]) into_sink += edge[3].get<double>();
        }
        CHECK(into_sink == Approx(pair["value"].get<double>()).margin(1e-3));
        // The edges of the cut, not the flow, give its capacity.
        CHECK(pair["cut_capacity"].get<double>() == Approx(pair["value"].get<double>()).margin(1e-6));
        double drawn = 0.0;
        for (const auto& edge : pair["cut_edges"]) drawn += edge[3].get<double>();
        if (pair["cut_size"] == pair["cut_edges"].size()) CHECK(drawn == Approx(pair["value"]).margin(1e-6));
        CHECK(drawn <= pair["value"].get<double>() + 1e-6);
    }
}

TEST_CASE("failed cells and a run that is not finished are said in the document", "[report]") {
    Run run("", {4, 5});
    run.findings.equal.clear();
    CHECK(nlohmann::json::parse(run.gather().json)["warnings"].empty());
    std::erase_if(run.result.attributions, [](const auto& row) { return row.example == 1 && row.point == 0; });
    run.result.failures.push_back({1, 0, "out of <luck>"});
    ReportOptions options;
    options.unfinished_at = 1;
    const auto json = nlohmann::json::parse(run.gather(options).json);
    REQUIRE(json["warnings"].size() == 2);
    CHECK(json["warnings"][0]["text"].get<std::string>().find("1 of 2 examples are done") == 0);
    CHECK(json["warnings"][1]["title"] == fmt::format("1 of {} cells failed", 2 * run.result.grid.size()));
    CHECK(json["warnings"][1]["text"].get<std::string>().find("out of <luck>") != std::string::npos);
    CHECK_FALSE(json["examples"][0].contains("failures"));
    CHECK(json["examples"][1]["failures"] ==
          nlohmann::json::parse(R"([{"place": 0, "message": "out of <luck>"}])"));
    CHECK(json["run"]["level"] == run.config.statistics.level);
}

TEST_CASE("figures: CSV needs no program, and wrong names are told", "[report]") {
    const Run run("=1+1", {4, 5});
    const ReportData data = run.gather();
    const auto files = make_figures(data, FigureFormat::csv, "");
    std::map<std::string, std::string> by_name(files.begin(), files.end());
    CHECK(by_name.contains("correlation_by_layer.csv"));
    CHECK(by_name.contains("saturation_by_layer.csv"));
    CHECK(by_name.contains("agreement.csv"));
    CHECK(by_name.contains("attention_graph.csv"));
    REQUIRE(by_name.contains("token_bars.csv"));
    CHECK(by_name["token_bars.csv"].find("'=1+1") != std::string::npos);
    CHECK(make_figures(data, FigureFormat::csv, "table_by_layer").at(0).first == "table_by_layer.csv");
    CHECK(message_of<ParameterError>([&] { make_figures(data, FigureFormat::csv, "tokenbars"); }) ==
          "no figure 'tokenbars'; did you mean 'token_bars'?");
    // Every figure has a file of its own; heads_by_skip only where one of the two is varied.
    CHECK(by_name["scores_by_layer.csv"] == by_name["correlation_by_layer.csv"]);
    CHECK(by_name.contains("table_by_layer.csv"));
    CHECK_FALSE(by_name.contains("heads_by_skip.csv"));
    CHECK(message_of<InputError>([&] { make_figures(data, FigureFormat::csv, "heads_by_skip"); }) ==
          "figure 'heads_by_skip': this run holds no data for it");
    const Run varied("", {4, 5}, 3, "skip_weight = [0.25, 0.5]\n");
    CHECK(make_figures(varied.gather(), FigureFormat::csv, "heads_by_skip").at(0).first == "heads_by_skip.csv");
}

TEST_CASE("spark-lines run over the given range", "[report]") {
    CHECK(spark_line({0.0, 0.5, 1.0, std::nullopt, 2.0}, 0.0, 1.0) == "▁▅█ █");
    CHECK(spark_line({3.0}, 1.0, 1.0) == "▁");
}

TEST_CASE("a run in the terminal", "[report]") {
    const Run run("\x1b[31mred", {4, 5});
    const std::string text = show_text(run.config, run.result, run.findings, false);
    CHECK(text.find("small: 2 examples") == 0);
    CHECK(text.find("Mean spearman with blank_out") != std::string::npos);
    CHECK(text.find("column_sum") != std::string::npos);
    CHECK(text.find('\x1b') == std::string::npos);
}
