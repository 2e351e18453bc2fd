/// The tables of the bundled configs against values made by NetworkX, NumPy and SciPy
/// (scripts/make_goldens.py).

#include <fstream>
#include <sstream>

#include <catch2/catch.hpp>

#include "attention/dataset.hpp"
#include "experiments/summary.hpp"

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
    const auto result = run_experiment(config, Dataset::open(config.dataset.string()), 2);
    REQUIRE(result.failures.empty());
    std::istringstream ours_text(summary_csv(result, config));
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
