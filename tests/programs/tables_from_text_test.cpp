/// Tables of sentences and a model against the tables of a dataset that PyTorch made of them.

#include <algorithm>
#include <cmath>
#include <filesystem>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "attention/dataset.hpp"
#include "experiments/inputs/config_dataset.hpp"
#include "experiments/study/config.hpp"
#include "graph/support/text.hpp"
#include "tests/attention/make_files.hpp"
#include "tests/comparison.hpp"
#include "tests/experiments/run_in_memory.hpp"

using namespace attnflow;
using namespace attnflow::testing;

namespace {

std::string root() { return std::filesystem::absolute(ATTNFLOW_SOURCE_DIR).lexically_normal().string(); }

std::string bundled_model() { return root() + "/experiments/models/sva-bert-6x8"; }

/// The grid, references and metric of the bundled configs.
const std::string tables = R"(preset = "paper"
methods = ["raw_attention", "rollout", "attention_flow", "column_sum"]
[axes]
layer = [1, 2, 3, 4, 5, 6]
source = "cls"
positions = ["all", "no_special"]
[evaluation]
references = ["blank_out", "grad_norm"]
metrics = ["spearman"]
[statistics]
resamples = 100
)";

struct Run {
    Results result;
    Summary summary;
};

Run run(const TemporaryDirectory& folder, const std::string& source) {
    write_bytes(folder.file("c.toml"), source + tables);
    Config config = load_config(folder.file("c.toml"), {});
    provide_dataset(config, 2);
    auto [result, findings] = run_in_memory(config, Dataset::open(config.dataset.string()), 2);
    REQUIRE(result.failures.empty());
    return {std::move(result), std::move(findings.summary)};
}

Run run_dataset(const TemporaryDirectory& folder, const std::string& path) {
    return run(folder, "dataset.path = \"" + path + "\"\n");
}

Run run_sentences(const TemporaryDirectory& folder, const std::string& path, const std::string& model) {
    return run(folder, "dataset.sentences = \"" + path + "\"\nmodel.path = \"" + model + "\"\nmodel.cache = \"" +
                           folder.file("cache") + "\"\n");
}

/// The largest difference of two cells of the tables.
double largest_difference(const Run& ours, const Run& expected) {
    REQUIRE(ours.result.grid == expected.result.grid);
    REQUIRE(ours.result.tokens == expected.result.tokens);
    REQUIRE(ours.summary.rows.size() == expected.summary.rows.size());
    std::vector<double> cells, expected_cells;
    for (std::size_t r = 0; r < ours.summary.rows.size(); ++r) {
        const SummaryRow& a = ours.summary.rows[r];
        const SummaryRow& b = expected.summary.rows[r];
        REQUIRE(a.n == b.n);
        REQUIRE(a.mean.has_value() == b.mean.has_value());
        if (!a.mean) continue;
        cells.insert(cells.end(), {*a.mean, *a.standard_deviation});
        expected_cells.insert(expected_cells.end(), {*b.mean, *b.standard_deviation});
    }
    return deviation(cells, expected_cells);
}

/// The sentences of a dataset with their labels, as a file for `dataset.sentences`.
std::string write_sentences(const TemporaryDirectory& folder, const std::string& dataset_path) {
    const Dataset dataset = Dataset::open(dataset_path);
    std::string lines = "text\tlabel\n";
    for (std::size_t i = 0; i < dataset.size(); ++i) {
        const Example example = dataset.example(i);
        lines += join(std::vector<std::string>(example.tokens.begin() + 1, example.tokens.end()), " ");
        lines += "\t" + std::to_string(example.label.value()) + "\n";
    }
    write_bytes(folder.file("sentences.tsv"), lines);
    return folder.file("sentences.tsv");
}

}  // namespace

TEST_CASE("tables from text are those of what PyTorch makes of the same weights", "[model]") {
    const TemporaryDirectory folder;
    const auto golden = SafetensorsFile::open(root() + "/tests/golden/model/sva.safetensors");
    const auto cases = nlohmann::json::parse(golden->metadata().at("cases"));
    std::vector<NewTensor> tensors;
    nlohmann::json examples = nlohmann::json::array();
    std::string lines;
    for (std::size_t c = 0; c < cases.size(); ++c) {
        const std::string text = cases[c]["text"];
        if (text.empty()) continue;  // a single token has no ranks
        lines += text + "\n";
        const std::string id = "ex" + std::to_string(c);
        const auto copy = [&](const std::string& from, const std::string& to, bool first_row) {
            const TensorView& whole = golden->tensors().at(std::to_string(c) + "." + from);
            const TensorView view = first_row ? whole.slice(0) : whole;
            tensors.push_back({id + "." + to, DType::f32, view.shape, view.values()});
        };
        copy("attentions", "attentions", false);
        copy("grad_norm", "grad_norm", false);
        copy("blank_out.unk", "blank_out", true);
        examples.push_back({{"id", id}, {"tokens", cases[c]["tokens"]}});
    }
    write_safetensors(folder.file("pytorch.safetensors"), tensors, {{"examples", examples.dump()}});
    write_bytes(folder.file("texts.txt"), lines);
    const Run expected = run_dataset(folder, folder.file("pytorch.safetensors"));
    CHECK(largest_difference(run_sentences(folder, folder.file("texts.txt"), bundled_model()), expected) <= 2e-4);
}

// The bundled model has its weights, the bundled dataset its attention rounded to float16, so they are
// two things. Scores that differ by less than the rounding change places; few do.
TEST_CASE("tables of the bundled sentences and model are close to those of the bundled dataset", "[model]") {
    const TemporaryDirectory folder;
    const Run expected = run_dataset(folder, root() + "/experiments/data/sva_dev200.safetensors");
    CHECK(largest_difference(
              run_sentences(folder, root() + "/experiments/data/sva_sentences.tsv", bundled_model()), expected) <=
          0.01);
}

// attnflow_experiments_tests "[long]"
TEST_CASE("tables from text are those of the exported datasets, 2e-4 a cell", "[model][.long]") {
    const std::string shared = root() + "/../shared/data/";
    if (!std::filesystem::exists(shared + "models")) return;
    for (const std::string task : {"sva", "sst2"}) {
        INFO(task);
        const TemporaryDirectory folder;
        const std::string exported = shared + task + "/" + task + "_dev200.safetensors";
        const Run expected = run_dataset(folder, exported);
        const double difference = largest_difference(
            run_sentences(folder, write_sentences(folder, exported), shared + "models/" + task + "-bert-6x8"),
            expected);
        CAPTURE(difference);
        CHECK(difference <= 2e-4);
    }
}
