/// Files from strangers, given to every command that reads them: a clear message, exit code
/// 2, nothing half-written.

#include <filesystem>

#include <catch2/catch.hpp>

#include "tests/attention/make_files.hpp"
#include "tests/run_command.hpp"

using namespace attnflow;
using namespace attnflow::testing;

namespace {

struct Hostile {
    std::string name;
    std::string bytes;
    std::string message;
};

std::string header_with(const std::string& dtype, const std::string& shape, const std::string& offsets) {
    return R"({"attentions": {"dtype": ")" + dtype + R"(", "shape": )" + shape + R"(, "data_offsets": )" +
           offsets + "}}";
}

std::string doubles(std::vector<double> values) {
    return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(double)};
}

std::string with_metadata(const std::string& metadata, const std::string& data, const std::string& shape) {
    return raw_safetensors(R"({"__metadata__": )" + metadata + R"(, "attentions": {"dtype": "F64", "shape": )" +
                               shape + R"(, "data_offsets": [0, )" + std::to_string(data.size()) + "]}}",
                           data);
}

std::vector<Hostile> hostile_tensor_files() {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const std::string good_data = doubles({1, 0, 0.5, 0.5});
    const std::string good = raw_safetensors(header_with("F64", "[1, 1, 2, 2]", "[0, 32]"), good_data);
    std::string deep;
    for (int i = 0; i < 100000; ++i) deep += R"({"a":)";
    return {
        {"empty", "", "is empty"},
        {"seven_bytes", "1234567", "expected a safetensors, npz or npy file"},
        {"text", "this is not a tensor file at all", "expected"},
        {"truncated_header", good.substr(0, 30), "header"},
        {"truncated_data", good.substr(0, good.size() - 1), "is the file complete?"},
        {"huge_header", std::string(8, '\xff') + "{}", "begins with the bytes ff ff"},
        {"deep", raw_safetensors(deep), "nested more than 32 deep"},
        {"not_an_object", raw_safetensors("[]"), "expected an object"},
        {"duplicate_key", raw_safetensors(R"({"a": 1, "a": 2})"), "is there twice"},
        {"ill_formed_utf8", raw_safetensors("{\"\xc3\x28\": 1}"), "not valid JSON"},
        {"trailing_text", raw_safetensors("{} x"), "not valid JSON"},
        {"huge_offsets",
         raw_safetensors(header_with("F64", "[1, 1, 2, 2]", "[0, 18446744073709551615]"), good_data),
         "data_offsets"},
        {"negative_offset", raw_safetensors(header_with("F64", "[1, 1, 2, 2]", "[-1, 32]"), good_data),
         "data_offsets"},
        {"backward_offsets", raw_safetensors(header_with("F64", "[1, 1, 2, 2]", "[32, 0]"), good_data),
         "expected begin <= end"},
        {"overflowing_shape",
         raw_safetensors(header_with("F64", "[4294967296, 4294967296, 4294967296, 2]", "[0, 32]"), good_data),
         "shape"},
        {"overlap",
         raw_safetensors(
             R"({"attentions": {"dtype": "F64", "shape": [1, 1, 2, 2], "data_offsets": [0, 32]},
                 "b": {"dtype": "F64", "shape": [2], "data_offsets": [16, 32]}})",
             good_data),
         "it overlaps the tensor before"},
        {"hidden_data", raw_safetensors(header_with("F64", "[1, 1, 2, 2]", "[0, 32]"), good_data + "hidden"),
         "belong to no tensor"},
        {"unknown_dtype", raw_safetensors(header_with("F65", "[1, 1, 2, 2]", "[0, 32]"), good_data), "F65"},
        {"integers", raw_safetensors(header_with("I64", "[1, 1, 2, 2]", "[0, 32]"), good_data),
         "attention of type I64, expected F64, F32, F16 or BF16"},
        {"rank_2", raw_safetensors(header_with("F64", "[2, 2]", "[0, 32]"), good_data), "has 2 axes"},
        {"not_square", raw_safetensors(header_with("F64", "[1, 1, 1, 4]", "[0, 32]"), good_data),
         "expected as many queries as keys"},
        {"no_tokens", raw_safetensors(header_with("F64", "[1, 1, 0, 0]", "[0, 0]")), "expected no empty axis"},
        {"no_attention",
         raw_safetensors(R"({"x": {"dtype": "F64", "shape": [4], "data_offsets": [0, 32]}})", good_data),
         "no attention among its tensors: x [4]"},
        {"nan", raw_safetensors(header_with("F64", "[1, 1, 2, 2]", "[0, 32]"), doubles({1, 0, nan, 0.5})),
         "layer 1, head 0, row 1, column 0 is NaN"},
        {"negative", raw_safetensors(header_with("F64", "[1, 1, 2, 2]", "[0, 32]"), doubles({1, 0, -0.5, 1.5})),
         "layer 1, head 0, row 1, column 0 is -0.5, expected a finite weight >= 0"},
        {"bad_row_sum", raw_safetensors(header_with("F64", "[1, 1, 2, 2]", "[0, 32]"), doubles({1, 0, 0.5, 0.4})),
         "layer 1, head 0, row 1 sums to 0.9, expected 1"},
        {"too_few_tokens", with_metadata(R"({"tokens": "[\"a\"]"})", good_data, "[1, 1, 2, 2]"),
         "1 tokens, expected 2 as in the attention"},
        {"tokens_not_json", with_metadata(R"({"tokens": "[\"a\""})", good_data, "[1, 1, 2, 2]"), "not valid JSON"},
        {"metadata_not_text", with_metadata(R"({"tokens": 1})", good_data, "[1, 1, 2, 2]"), "metadata"},
    };
}

}  // namespace

TEST_CASE("hostile tensor files are refused by every command that reads one", "[cli][hostile]") {
    const TemporaryDirectory folder;
    const std::string config = folder.file("run.toml");
    write_bytes(config,
                "methods = [\"rollout\"]\n[dataset]\npath = \"file.safetensors\"\n[evaluation]\nreferences = "
                "[\"method(column_sum)\"]\n");
    const std::string path = folder.file("file.safetensors");
    const std::string out = folder.file("out");
    for (const Hostile& file : hostile_tensor_files()) {
        write_bytes(path, file.bytes);
        const std::vector<std::vector<std::string>> commands{
            {"validate", path},
            {"attribute", path, "--method", "rollout"},
            {"run", config, "--out", out},
        };
        for (const auto& command : commands) {
            const auto result = attnflow::testing::attnflow(command);
            INFO(file.name << ", " << command.front() << ": " << result.err);
            CHECK(result.exit_code == 2);
            CHECK(result.err.starts_with("attnflow: "));
            CHECK(result.err.size() < 800);
            CHECK(result.err.find(file.message) != std::string::npos);
            CHECK_FALSE(std::filesystem::exists(out));
        }
    }
}

TEST_CASE("hostile configs are refused with their place", "[cli][hostile]") {
    const TemporaryDirectory folder;
    write_small_dataset(folder.file("data.safetensors"), 2, 1, {3, 4});
    const std::string head = "methods = [\"rollout\"]\n[dataset]\npath = \"data.safetensors\"\n";
    const struct {
        std::string name, text, message;
    } configs[] = {
        {"syntax", "methods = [\"rollout\"\n", "c.toml:"},
        {"unknown", head + "[axes]\nlayers = 1\n",
         "c.toml:5:10: unknown key 'axes.layers'; did you mean 'axes.layer'?"},
        {"ill_typed", head + "[axes]\nskip_weight = \"half\"\n", "c.toml:5:"},
        {"out_of_range", head + "[axes]\nskip_weight = 1.5\n", "expected real in [0, 1]"},
        {"nan", head + "[axes]\nskip_weight = nan\n", "expected real in [0, 1]"},
        {"method", "methods = [\"rolout\"]\n[dataset]\npath = \"data.safetensors\"\n", "did you mean 'rollout'?"},
        {"no_methods", "[dataset]\npath = \"data.safetensors\"\n", "methods is missing"},
        {"no_dataset", "methods = [\"rollout\"]\n", "dataset.path is missing"},
        {"empty_axis", head + "[axes]\nlayer = []\n", "axes.layer is empty"},
        {"twice", head + "[axes]\nlayer = [1, 1]\n", "twice"},
        {"date", head + "[axes]\nlayer = 2020-01-01\n", "c.toml:5:"},
        {"layer", head + "[axes]\nlayer = 3\n[evaluation]\nreferences = [\"blank_out\"]\n",
         "there is no layer 3, the attention has layers 1 to 2"},
        {"source", head + "[axes]\nsource = 3\n[evaluation]\nreferences = [\"blank_out\"]\n",
         "source 3 does not exist"},
        {"reference", head + "[evaluation]\nreferences = [\"blankout\"]\n", "did you mean 'blank_out'?"},
        {"metric", head + "[evaluation]\nmetrics = [\"spearmann\"]\n", "did you mean 'spearman'?"},
        {"binary", std::string("\0\1\2", 3), "c.toml:1:1"},
    };
    for (const auto& config : configs) {
        write_bytes(folder.file("c.toml"), config.text);
        const auto result = attnflow::testing::attnflow({"run", "c.toml", "--out", "out"}, folder.path());
        INFO(config.name << ": " << result.err);
        CHECK(result.exit_code == 2);
        CHECK(result.err.find(config.message) != std::string::npos);
        CHECK_FALSE(std::filesystem::exists(folder.file("out")));
        const auto dry = attnflow::testing::attnflow({"run", "c.toml", "--dry-run"}, folder.path());
        CHECK(dry.exit_code == 2);
        CHECK(dry.err == result.err);
    }
}

TEST_CASE("very many unknown keys get one short message", "[cli][hostile]") {
    const TemporaryDirectory folder;
    const auto refusal_of = [&](int keys) {
        std::string text = "methods = [\"rollout\"]\n";
        for (int i = 0; i < keys; ++i) text += "k" + std::to_string(i) + " = 1\n";
        write_bytes(folder.file("c.toml"), text);
        const auto result = attnflow::testing::attnflow({"run", folder.file("c.toml")}, folder.path());
        CHECK(result.exit_code == 2);
        CHECK(result.err.size() < 500);
        return result.err;
    };
    const std::string many = refusal_of(80'000);
    CHECK(many.find("unknown key") != std::string::npos);
    CHECK(many.find("79999 more unknown keys") != std::string::npos);
    CHECK(refusal_of(1'000'000).find("bytes") != std::string::npos);
}

TEST_CASE("results that cannot be written are said to be, and nothing is left", "[cli]") {
    const TemporaryDirectory folder;
    write_small_dataset(folder.file("data.safetensors"), 2, 1, {3, 4});
    write_bytes(folder.file("c.toml"),
                "methods = [\"rollout\"]\n[dataset]\npath = \"data.safetensors\"\n[evaluation]\n"
                "references = [\"blank_out\"]\n");
    write_bytes(folder.file("taken"), "a file");
    const auto result = attnflow::testing::attnflow({"run", "c.toml", "--out", "taken/out"}, folder.path());
    CHECK(result.exit_code == 2);
    INFO(result.err);
    CHECK(result.err.find("taken") != std::string::npos);
    CHECK(read_bytes(folder.file("taken")) == "a file");
}
