#pragma once
/// The inputs that users brought, tests/cases, and what is right for them.

#include <fstream>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tests/run_command.hpp"

namespace attnflow::testing {

inline std::string case_file(const std::string& name) { return source_folder() + "/tests/cases/" + name; }

using Strings = std::vector<std::string>;

/// The scores that `attribute` gives, as JSON has them.
inline std::vector<double> scores(Strings arguments) {
    arguments.insert(arguments.begin(), "attribute");
    arguments.insert(arguments.end(), {"--format", "json"});
    const CommandResult result = attnflow::testing::attnflow(arguments);
    INFO(result.err);
    REQUIRE(result.exit_code == 0);
    return nlohmann::json::parse(result.out).at("scores").get<std::vector<double>>();
}

inline std::vector<double> right(const std::string& name, const std::string& method) {
    std::ifstream file(case_file("values.json"));
    return nlohmann::json::parse(file).at(name).at(method).get<std::vector<double>>();
}

inline void check_equal(const std::vector<double>& found, const std::vector<double>& expected,
                        double margin = 1e-6) {
    REQUIRE(found.size() == expected.size());
    for (std::size_t i = 0; i < found.size(); ++i) CHECK(found[i] == Approx(expected[i]).margin(margin));
}

}  // namespace attnflow::testing
