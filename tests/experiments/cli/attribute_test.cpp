/// `attnflow attribute`: what a person and a program see.

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "attention/files/safetensors.hpp"
#include "tests/run_command.hpp"

using namespace attnflow;
using namespace attnflow::testing;
using Json = nlohmann::json;

namespace {

const std::string gpt2 = ATTNFLOW_SOURCE_DIR "/experiments/data/gpt2_ex0.safetensors";
const std::string sva = ATTNFLOW_SOURCE_DIR "/experiments/data/sva_dev200.safetensors";

Json attribute_json(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "attribute");
    arguments.insert(arguments.end(), {"--format", "json"});
    const auto result = attnflow::testing::attnflow(arguments);
    INFO(result.err);
    REQUIRE(result.exit_code == 0);
    return Json::parse(result.out);
}

// One layer, one head, three tokens: [1 0 0], [.5 .5 0], [.25 .25 .5].
std::string tiny_file(const TemporaryDirectory& folder, const std::string& tokens = R"(["a", "b", "c"])") {
    const std::string path = folder.file("tiny.safetensors");
    write_safetensors(path, {{"attentions", DType::f64, {1, 1, 3, 3}, {1, 0, 0, .5, .5, 0, .25, .25, .5}}},
                      {{"tokens", tokens}});
    return path;
}

}  // namespace

TEST_CASE("attribute prints JSON with the promised members", "[cli]") {
    const TemporaryDirectory folder;
    const Json row = attribute_json({tiny_file(folder), "--method", "attention_flow", "--source", "last"});
    CHECK(row.at("example") == "tiny");
    CHECK(row.at("tokens") == Json({"a", "b", "c"}));
    CHECK(row.at("method") == "attention_flow");
    CHECK(row.at("heads") == "mean");
    CHECK(row.at("skip_weight") == 0.5);
    CHECK(row.at("layer") == 1);
    CHECK(row.at("source") == "last");
    CHECK(row.at("source_index") == 2);
    CHECK(row.at("scores") == Json({0.125, 0.125, 0.75}));
    CHECK(row.at("binding_cut").size() == 3);

    const Json all = attribute_json({tiny_file(folder), "--method", "rollout", "--source", "all", "--skip", "0"});
    CHECK(all.at("matrix") == Json({{1.0, 0.0, 0.0}, {0.5, 0.5, 0.0}, {0.25, 0.25, 0.5}}));
    CHECK(all.at("source_index").is_null());
    CHECK(all.at("binding_cut").is_null());

    const Json cuts =
        attribute_json({sva, "--example", "ex00000", "--method", "attention_flow", "--source", "all"});
    const std::size_t n = cuts.at("tokens").size();
    CHECK(cuts.at("binding_cut").size() == n);
    for (const Json& cut_row : cuts.at("binding_cut")) CHECK(cut_row.size() == n);
}

TEST_CASE("words that the model did not know are marked and counted in every format", "[cli]") {
    const TemporaryDirectory folder;
    const std::string path = tiny_file(folder, R"(["a", "[UNK]", "c"])");
    const Json json = attribute_json({path, "--method", "rollout"});
    CHECK(json.at("unknown") == Json({1}));
    CHECK(json.at("unknown_token") == "[UNK]");
    const auto validated = attnflow::testing::attnflow({"validate", path});
    CHECK(validated.out.find("1 word of 1 example is read as [UNK]") != std::string::npos);
    CHECK(attribute_json({tiny_file(folder), "--method", "rollout"}).at("unknown").empty());

    const std::string model = ATTNFLOW_SOURCE_DIR "/experiments/models/sva-bert-6x8";
    for (const std::string source : {"0", "all"}) {
        const auto table = attnflow::testing::attnflow(
            {"attribute", "--model", model, "--text", "the xyzzy", "--method", "rollout", "--source", source});
        INFO(table.out << table.err);
        CHECK(table.out.find(" xyzzy [UNK] ") != std::string::npos);
        CHECK(table.out.find("1 of 3 tokens is read as [UNK]") != std::string::npos);
    }
    const auto csv = attnflow::testing::attnflow(
        {"attribute", "--model", model, "--text", "the xyzzy", "--method", "rollout", "--format", "csv"});
    CHECK(csv.out.find(",path,unknown\n") != std::string::npos);
    CHECK(csv.out.find(",xyzzy,") != std::string::npos);
    CHECK(csv.out.ends_with(",1\n"));

    const auto extracted = attnflow::testing::attnflow(
        {"extract", "--model", model, "--text", "the xyzzy", "--out", folder.file("d.safetensors")});
    CHECK(extracted.out.find("1 word of 1 example is read as [UNK]") != std::string::npos);
}

TEST_CASE("a causal file is read from its last token unless told otherwise", "[cli]") {
    const Json json = attribute_json({gpt2, "--method", "rollout"});
    CHECK(json.at("source") == "last");
    CHECK(json.at("source_index") == json.at("tokens").size() - 1);
    CHECK(attribute_json({gpt2, "--method", "rollout", "--source", "cls"}).at("scores").at(0) == 1.0);
    CHECK(attribute_json({gpt2, "--method", "rollout", "--source", "2"}).at("source_index") == 2);
}

TEST_CASE("tokens from strangers cannot drive a terminal, a table or a spreadsheet", "[cli]") {
    const TemporaryDirectory folder;
    const std::string path = tiny_file(folder, R"(["\u001b[31m", "=1+1", "a|b\n"])");
    for (const std::string format : {"table", "json", "csv"}) {
        const auto result =
            attnflow::testing::attnflow({"attribute", path, "--method", "rollout", "--format", format});
        INFO(format);
        CHECK(result.exit_code == 0);
        CHECK(result.out.find('\x1b') == std::string::npos);
    }
    const auto csv = attnflow::testing::attnflow({"attribute", path, "--method", "rollout", "--format", "csv"});
    CHECK(csv.out.find(",'=1+1,") != std::string::npos);
    CHECK(csv.out.find("a|b\\u000a") != std::string::npos);
}

TEST_CASE("attribute refuses what it cannot answer", "[cli]") {
    const TemporaryDirectory folder;
    const std::string tiny = tiny_file(folder);
    const struct {
        std::vector<std::string> arguments;
        std::string message;
    } cases[] = {
        {{tiny, "--method", "rolout"}, "no method 'rolout'; did you mean 'rollout'?"},
        {{tiny, "--method", "rollout", "--heads", "maen"}, "did you mean 'mean'?"},
        {{tiny, "--method", "rollout", "--skip", "1.5"},
         "--skip: skip_weight is 1.5 (real), expected real in [0, 1]"},
        {{tiny, "--method", "raw_attention", "--skip", "0.5"}, "--skip: raw_attention does not take skip_weight"},
        {{tiny, "--method", "rollout", "--layer", "2"}, "there is no layer 2, the attention has layers 1 to 1"},
        {{tiny, "--method", "rollout", "--layer", "0"}, "layer is 0"},
        {{tiny, "--method", "rollout", "--source", "3"}, "source 3 does not exist, the 3 positions count from 0"},
        {{tiny, "--method", "rollout", "--preset", "papre"}, "no preset 'papre'; did you mean 'paper'?"},
        {{tiny, "--method", "rollout", "--param", "x"}, "--param x: expected NAME=VALUE"},
        {{tiny, "--method", "rollout", "--row-sum-tolerance", "nan"}, "is nan, expected a number >= 0"},
        {{sva, "--method", "rollout"}, "holds 200 examples"},
        {{sva, "--method", "rollout", "--example", "ex0000"}, "did you mean"},
        {{folder.file("missing"), "--method", "rollout"}, "cannot be opened: No such file or directory"},
    };
    for (const auto& c : cases) {
        std::vector<std::string> arguments{"attribute"};
        arguments.insert(arguments.end(), c.arguments.begin(), c.arguments.end());
        const auto result = attnflow::testing::attnflow(arguments);
        INFO(c.message << " in " << result.err);
        CHECK(result.exit_code == 2);
        CHECK(result.out.empty());
        CHECK(result.err.find(c.message) != std::string::npos);
    }
}

TEST_CASE("one token and one layer work", "[cli]") {
    const TemporaryDirectory folder;
    const std::string path = folder.file("one.safetensors");
    write_safetensors(path, {{"attentions", DType::f32, {1, 1, 1, 1}, {1}}}, {});
    for (const std::string method : {"raw_attention", "rollout", "attention_flow", "column_sum"}) {
        const Json json = attribute_json({path, "--method", method});
        CHECK(json.at("scores") == Json({1.0}));
    }
    CHECK(attnflow::testing::attnflow({"validate", path}).exit_code == 0);
}

TEST_CASE("attribute takes a set of sources, whose rows are those of all", "[cli]") {
    const TemporaryDirectory folder;
    const std::string file = tiny_file(folder);
    for (const char* method : {"rollout", "attention_flow", "best_path", "widest_path"}) {
        INFO(method);
        const Json all = attribute_json({file, "--method", method, "--source", "all"}).at("matrix");
        const Json slice = attribute_json({file, "--method", method, "--source", "1:3"});
        CHECK(slice.at("source") == "1:3");
        CHECK(slice.at("source_index").is_null());
        CHECK(slice.at("source_indices") == Json({1, 2}));
        CHECK(slice.at("matrix") == Json({all[1], all[2]}));
        const Json list = attribute_json({file, "--method", method, "--source", "[2,0]"});
        CHECK(list.at("source") == "[0,2]");
        CHECK(list.at("matrix") == Json({all[0], all[2]}));
        const Json sum =
            attribute_json({file, "--method", method, "--source", "[0,2]", "--readout", "column_sum"});
        CHECK(sum.at("scores")[0] == all[0][0].get<double>() + all[2][0].get<double>());
    }
    const auto table = attnflow::testing::attnflow({"attribute", file, "--method", "rollout", "--source", "1:3"});
    CHECK(table.out.find(", sources 1:3\n") != std::string::npos);
    CHECK(table.out.find("\n   0 a ") == std::string::npos);
    CHECK(table.out.find("\n   2 c ") != std::string::npos);
    const auto beyond = attnflow::testing::attnflow({"attribute", file, "--method", "rollout", "--source", "1:4"});
    CHECK(beyond.exit_code == 2);
    CHECK(beyond.err.find("source 1:4 is not within the 3 positions") != std::string::npos);
}
