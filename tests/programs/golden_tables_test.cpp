/// The tables of the bundled configs against values made by NetworkX, NumPy and SciPy
/// (scripts/make_goldens.py).

#include <fstream>
#include <sstream>

#include <catch2/catch.hpp>

#include <nlohmann/json.hpp>

#include "attention/dataset.hpp"
#include "experiments/run/example_attributions.hpp"
#include "experiments/study/presets.hpp"
#include "experiments/tables/result_tables.hpp"
#include "tests/attention/make_files.hpp"
#include "tests/comparison.hpp"
#include "tests/experiments/run_in_memory.hpp"

using namespace attnflow;

namespace {

const std::string root = ATTNFLOW_SOURCE_DIR;

using Cells = std::map<std::string, std::string>;

std::vector<Cells> read_csv(std::istream& file) {
    const auto split = [](const std::string& line) {
        std::vector<std::string> cells;
        std::istringstream stream(line);
        for (std::string cell; std::getline(stream, cell, ',');) cells.push_back(cell);
        if (line.ends_with(',')) cells.emplace_back();
        return cells;
    };
    std::string line;
    std::getline(file, line);
    const auto header = split(line);
    std::vector<Cells> rows;
    while (std::getline(file, line)) {
        const auto cells = split(line);
        REQUIRE(cells.size() == header.size());
        Cells row;
        for (std::size_t c = 0; c < cells.size(); ++c) row[header[c]] = cells[c];
        rows.push_back(std::move(row));
    }
    return rows;
}

}  // namespace

TEST_CASE("sva_tables.toml equals the NetworkX tables to 1e-6 per cell", "[golden]") {
    const Config config = load_config(root + "/experiments/configs/sva_tables.toml", {});
    const auto [result, findings] = testing::run_in_memory(config, Dataset::open(config.dataset.string()), 2);
    REQUIRE(result.failures.empty());
    std::istringstream ours_text(summary_csv(result, config, findings.summary));
    std::ifstream golden_file(root + "/tests/golden/sva_tables.csv");
    REQUIRE(golden_file);
    const auto ours = read_csv(ours_text);
    const auto golden = read_csv(golden_file);
    REQUIRE(golden.size() == 76);
    REQUIRE(ours.size() == golden.size());
    for (const Cells& expected : golden) {
        std::size_t matches = 0;
        for (const Cells& row : ours) {
            bool same = true;
            for (const char* key :
                 {"method", "heads", "skip_weight", "layer", "source", "positions", "reference", "metric"}) {
                same = same && row.at(key) == expected.at(key);
            }
            if (!same) continue;
            ++matches;
            INFO(expected.at("method") << " layer " << expected.at("layer") << " " << expected.at("positions")
                                       << " " << expected.at("reference"));
            CHECK(row.at("n") == expected.at("n"));
            CHECK(row.at("n_undefined") == expected.at("n_undefined"));
            CHECK(std::abs(std::stod(row.at("mean")) - std::stod(expected.at("mean"))) < 1e-6);
            CHECK(std::abs(std::stod(row.at("std")) - std::stod(expected.at("std"))) < 1e-6);
        }
        CHECK(matches == 1);
    }
}

TEST_CASE("the authors' conventions equal NetworkX on their matrices, every layer, all pairs", "[golden]") {
    std::ifstream file(root + "/tests/golden/authors_code.json");
    REQUIRE(file);
    const auto goldens = nlohmann::json::parse(file).at("examples");
    REQUIRE(goldens.size() == 3);
    // The preset's settings that concern methods, as a run would use them.
    std::map<std::string, ParameterValue> axis_values;
    std::map<std::string, std::map<std::string, ParameterValue>> parameters;
    for (const PresetSetting& setting : preset("authors-code").settings) {
        const ParameterValue value = setting_from_argument("x=" + setting.value).at("x").values.front();
        if (setting.key.starts_with("axes.")) axis_values[setting.key.substr(5)] = value;
        if (setting.key == "parameters.attention_flow.normalise_rows") {
            parameters["attention_flow"]["normalise_rows"] = value;
        }
    }
    REQUIRE(parameters.size() == 1);
    const Dataset dataset = Dataset::open(root + "/experiments/data/sva_dev200.safetensors");
    MethodSet methods(parameters);
    for (const auto& golden : goldens) {
        const Example example = dataset.example(dataset.index_of(golden.at("id").get<std::string>()));
        REQUIRE(example.tokens == golden.at("tokens").get<std::vector<std::string>>());
        ExampleAttributions attributions(example, methods, {});
        const std::size_t n = example.tokens.size();
        for (const auto& [method, key] : {std::pair{"rollout", "rollout"}, std::pair{"attention_flow", "flow"}}) {
            for (std::size_t layer = 1; layer <= 6; ++layer) {
                GridPoint point{method, axis_values};
                point.values["source"] = std::string("all");
                point.values["layer"] = static_cast<std::int64_t>(layer);
                const auto& scores = attributions.attribution(point).scores;
                std::vector<double> ours, expected;
                for (std::size_t s = 0; s < n; ++s) {
                    for (std::size_t t = 0; t < n; ++t) {
                        ours.push_back(scores(s, t));
                        expected.push_back(golden.at(key).at(layer - 1).at(s).at(t).get<double>());
                    }
                }
                INFO(example.id << ", " << method << ", layer " << layer);
                CHECK(testing::deviation(ours, expected) < 1e-6);
            }
        }
    }
}

TEST_CASE("presets imitate the published quirks", "[golden]") {
    std::ifstream file(root + "/tests/golden/quirks.csv");
    REQUIRE(file);
    const auto golden = read_csv(file);
    REQUIRE(golden.size() == 24);
    const testing::TemporaryDirectory folder;
    for (const std::string quirk : {"authors-sva", "authors-sst2"}) {
        testing::write_bytes(
            folder.file("quirk.toml"),
            "preset = \"" + quirk + "\"\nmethods = [\"raw_attention\", \"rollout\"]\n[dataset]\npath = \"" +
                std::filesystem::absolute(root).string() +
                "/experiments/data/sva_dev200.safetensors\"\nlimit = 40\n[axes]\nlayer = \"all\"\n"
                "[evaluation]\nreferences = [\"grad_norm\"]\n");
        const Config config = load_config(folder.file("quirk.toml"), {});
        const auto [result, findings] = testing::run_in_memory(config, Dataset::open(config.dataset.string()), 1);
        std::istringstream text(summary_csv(result, config, findings.summary));
        const auto ours = read_csv(text);
        for (const Cells& expected : golden) {
            if (expected.at("quirk") != quirk) continue;
            std::size_t matches = 0;
            for (const Cells& row : ours) {
                if (row.at("method") != expected.at("method") || row.at("layer") != expected.at("layer")) continue;
                ++matches;
                INFO(quirk << ", " << expected.at("method") << ", layer " << expected.at("layer"));
                CHECK(row.at("n") == expected.at("n"));
                CHECK(std::abs(std::stod(row.at("mean")) - std::stod(expected.at("mean"))) < 1e-6);
                CHECK(std::abs(std::stod(row.at("std")) - std::stod(expected.at("std"))) < 1e-6);
            }
            CHECK(matches == 1);
        }
    }
}
