#pragma once
/// What is fixed when a run begins.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "attention/words.hpp"
#include "experiments/study/grid_point.hpp"

namespace attnflow {

/// What a comparison needs of an example: all but its attention, of which it has a checksum.
struct ExampleRecord {
    std::string id;
    std::vector<std::string> tokens;
    std::map<std::string, std::vector<double>> references;
    std::optional<std::int64_t> label = {};
    std::optional<std::int64_t> predicted = {};
    std::string group = {};
    std::vector<std::size_t> words = {};  ///< the first position of each word, in runs that ask for words
    std::map<std::string, std::string> checksums = {};  ///< see Dataset::checksums()
    bool operator==(const ExampleRecord&) const = default;
};

/// Those of an example in a run that asks for words.
inline std::optional<Words> words_of(const ExampleRecord& example) {
    if (example.words.empty()) return std::nullopt;
    return Words(example.words, example.tokens.size());
}

struct RunRecord {
    std::string name;         ///< of the config
    std::string preset;       ///< that it started from, "" for none
    std::string config_toml;  ///< resolved: no include, no preset
    std::map<std::string, std::string> environment;
    std::string dataset;  ///< absolute path
    double largest_row_sum_deviation = 0.0;
    std::vector<std::string> special_tokens;
    std::vector<GridPoint> points;  ///< the grid, then those that references ask for
    std::size_t grid_size = 0;
    std::vector<ExampleRecord> examples;
};

/// Names of what a config compares with and by: the numbers in a ResultRow count these.
struct ComparisonNames {
    std::vector<std::string> references;
    std::vector<std::string> metrics;
};

}  // namespace attnflow
