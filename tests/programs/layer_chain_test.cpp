/// Files with layers of different width: the two worked examples of docs/data-format.md, checked
/// by hand, and files that are wrong.

#include <catch2/catch.hpp>

#include "attention/dataset.hpp"
#include "attention/network/build_network.hpp"
#include "attention/validate.hpp"
#include "experiments/run/example_attributions.hpp"
#include "tests/attention/make_files.hpp"
#include "tests/run_command.hpp"

using namespace attnflow;
using namespace attnflow::testing;

namespace {

const std::string data = std::string(ATTNFLOW_SOURCE_DIR) + "/experiments/data/";

std::vector<double> scores(const Example& example, const std::string& method, double skip, std::size_t layer,
                           std::size_t source) {
    const auto network = build_network(example.attention, {.skip_weight = skip});
    const auto result = attribution_methods().at(method).make()->attribute({network, layer, {source}});
    return {result.scores.values().begin(), result.scores.values().end()};
}

void check_near(const std::vector<double>& actual, const std::vector<double>& expected) {
    REQUIRE(actual.size() == expected.size());
    for (std::size_t k = 0; k < actual.size(); ++k) CHECK(actual[k] == Approx(expected[k]).margin(1e-9));
}

std::string refusal(const std::vector<NewTensor>& tensors) {
    const TemporaryDirectory directory;
    const std::string path = directory.file("x.safetensors");
    write_safetensors(path, tensors);
    std::string message = message_of<InputError>([&] { Dataset::open(path).example(0); });
    return message.starts_with(path + ": ") ? message.substr(path.size() + 2) : message;
}

NewTensor ones(const std::string& name, const std::vector<std::size_t>& shape) {
    std::size_t size = 1;
    for (const std::size_t axis : shape) size *= axis;
    return {name, DType::f32, shape, std::vector<double>(size, 1.0)};
}

}  // namespace

TEST_CASE("encoder and decoder in one union graph, by hand", "[layers]") {
    const Example example = Dataset::open(data + "cross_attention.safetensors").example(0);
    CHECK(example.id == "cross_attention");
    CHECK(example.tokens == std::vector<std::string>{"le", "chat", "the", "cat"});
    CHECK(validate(example.attention, example.id).largest_deviation == 0.0);
    // Cross times encoder; the decoder's own tokens are reached by the skip connection only.
    check_near(scores(example, "rollout", 0.0, 2, 2), {0.625, 0.375, 0, 0});
    check_near(scores(example, "rollout", 0.0, 2, 3), {0.5625, 0.4375, 0, 0});
    check_near(scores(example, "rollout", 0.5, 2, 2), {0.28125, 0.21875, 0.5, 0});
    check_near(scores(example, "rollout", 0.5, 2, 3), {0.203125, 0.296875, 0.125, 0.375});
    // the -> le: min(0.25, 0.875) over le, min(0.25, 0.25) over chat; and so on.
    check_near(scores(example, "attention_flow", 0.5, 2, 2), {0.5, 0.375, 0.5, 0});
    check_near(scores(example, "widest_path", 0.5, 2, 2), {0.25, 0.25, 0.5, 0});
    // A lane carries all of a position: the encoder's output is what layer 1 made it.
    check_near(scores(example, "rollout", 0.5, 2, 1), scores(example, "rollout", 0.5, 1, 1));
}

TEST_CASE("merged tokens, by hand", "[layers]") {
    const Example example = Dataset::open(data + "token_merging.safetensors").example(0);
    CHECK(example.attention.heads() == 2);
    CHECK(example.attention.heads(1) == 1);
    const auto network = build_network(example.attention, {});
    CHECK(std::vector<std::size_t>(network.widths().begin(), network.widths().end()) ==
          std::vector<std::size_t>{4, 4, 2, 2});
    check_near(scores(example, "rollout", 0.0, 2, 0), {0.625, 0.375, 0, 0});
    check_near(scores(example, "rollout", 0.5, 3, 1), {0.140625, 0.109375, 0.421875, 0.328125});
    check_near(scores(example, "attention_flow", 0.5, 3, 1), {0.25, 0.25, 0.75, 0.625});
    check_near(scores(example, "widest_path", 0.5, 3, 1), {0.25, 0.25, 0.5, 0.5});
    CHECK(message_of<ParameterError>([&] { scores(example, "raw_attention", 0.0, 3, 0); }) ==
          "raw_attention: layer 3 attends to 2 positions, which are not the 4 tokens of the input; choose a layer "
          "whose keys are, or another method");
}

TEST_CASE("layers of different width go through every command", "[layers]") {
    const auto file = data + "token_merging.safetensors";
    const auto validated = attnflow::testing::attnflow({"validate", file});
    CHECK(validated.exit_code == 0);
    CHECK(validated.out.find("3 layers, 2 heads, F32, positions 4 -> 4 -> 2 -> 2, 4 tokens") != std::string::npos);
    const auto table =
        attnflow::testing::attnflow({"attribute", file, "--method", "widest_path", "--source", "last"});
    CHECK(table.exit_code == 0);
    CHECK(table.out.find("source 1 (#1)") != std::string::npos);
    CHECK(table.out.find("#1 -3-> #0 -2-> b") != std::string::npos);
    const auto all = attnflow::testing::attnflow({"attribute", file, "--method", "attention_flow", "--source",
                                                  "all", "--format", "json", "--heads", "late"});
    CHECK(all.exit_code == 0);
    const auto missing = attnflow::testing::attnflow({"attribute", file, "--method", "rollout", "--source", "2"});
    CHECK(missing.exit_code == 2);
    CHECK(missing.err.find("source 2 does not exist, the 2 positions count from 0") != std::string::npos);

    const TemporaryDirectory directory;
    write_bytes(directory.file("run.toml"),
                "methods = [\"rollout\", \"attention_flow\"]\n[dataset]\npath = \"" +
                    std::filesystem::absolute(file).string() +
                    "\"\n[axes]\nlayer = \"all\"\nsource = \"last\"\nheads = [\"mean\", "
                    "\"late\"]\n[evaluation]\nreferences = [\"method(column_sum)\"]\n");
    const auto run = attnflow::testing::attnflow({"run", "run.toml", "--out", "out"}, directory.path());
    INFO(run.err);
    CHECK(run.exit_code == 0);
}

TEST_CASE("examples of a dataset can have layers, references too", "[layers]") {
    const TemporaryDirectory directory;
    const std::string path = directory.file("x.safetensors");
    write_safetensors(path, {ones("a.layers.0", {2, 3}), ones("a.layers.1", {1, 2}), ones("a.score", {3}),
                             ones("a.square", {2, 3, 3}), attention_tensor("b.attentions", 2, 1, 3)});
    const Dataset dataset = Dataset::open(path);
    REQUIRE(dataset.size() == 2);
    const Example a = dataset.example(0);
    CHECK(a.tokens.size() == 3);
    CHECK(a.attention.layers() == 2);
    CHECK(a.references.contains("score"));
    CHECK(a.weights.empty());
    // Rows of ones: 3 and 2, reported and not refused.
    CHECK(validate(a.attention, a.id).largest_deviation == 2.0);
    CHECK_FALSE(validate(a.attention, a.id).causal);
    CHECK(dataset.example(1).attention.rows_sum_to_one());
}

TEST_CASE("layers that form no chain are refused", "[layers]") {
    CHECK(refusal({ones("layers.0", {2, 3}), ones("layers.1", {2, 3})}) ==
          "tensor 'layers.1': shape [2, 3] has 3 keys, expected 2, the queries of the layer below 'layers.0'");
    CHECK(refusal({ones("layers.0", {2, 3, 3}), ones("layers.1", {4, 3, 3})}) ==
          "tensor 'layers.1': 4 heads, expected 2 as in 'layers.0', or one matrix without head axis");
    CHECK(refusal({ones("layers.0", {3})}) ==
          "tensor 'layers.0': shape [3], expected [queries, keys] or [heads, queries, keys]");
    CHECK(refusal({ones("layers.0", {1, 1, 2, 2})}) ==
          "tensor 'layers.0': shape [1, 1, 2, 2], expected [queries, keys] or [heads, queries, keys]");
    CHECK(refusal({ones("layers.0", {0, 2})}) == "tensor 'layers.0': shape [0, 2], expected no empty axis");
    CHECK(refusal({{"layers.0", DType::i64, {1, 1}, {1}}}) ==
          "tensor 'layers.0': weights of type I64, expected F64, F32, F16 or BF16");
    CHECK(refusal({ones("layers.1", {2, 2})}) ==
          "tensor 'layers.1': layer 0 is missing, expected layers 0, 1, ... without gaps");
    CHECK(refusal({ones("layers.0", {2, 2}), attention_tensor("attentions", 1, 1, 2)}) ==
          "tensor 'layers.0': expected either attentions or layers, not both");
    CHECK(refusal({ones("a.layers.0", {2, 2}), attention_tensor("a.attentions.1", 1, 1, 2)}) ==
          "tensor 'a.layers.0': expected either attentions or layers, not both");
}

TEST_CASE("negative and undefined weights of layers are refused", "[layers]") {
    const TemporaryDirectory directory;
    NewTensor layer = ones("layers.0", {2, 3});
    layer.values[4] = -1.0;
    write_safetensors(directory.file("x.safetensors"), {layer});
    const Example example = Dataset::open(directory.file("x.safetensors")).example(0);
    CHECK(message_of<InputError>([&] { validate(example.attention, example.id); }) ==
          "x: layer 1, head 0, row 1, column 1 is -1, expected a finite weight >= 0");
}
