/// Methods with parameters as values of a grid: the same numbers as a run of its own for each.

#include "tests/programs/cases.hpp"

using namespace attnflow;
using namespace attnflow::testing;

namespace {

/// The rows of a run's attributions.csv without the column of the method, and of the methods called `method`.
Strings rows_of(const TemporaryDirectory& folder, const std::string& run, const std::string& method) {
    std::istringstream lines(read_bytes(folder.file(run + "/attributions.csv")));
    Strings rows;
    for (std::string line; std::getline(lines, line);) {
        const std::size_t at = line.find(method);
        if (at == std::string::npos) continue;
        rows.push_back(line.erase(at, method.size()));
    }
    return rows;
}

}  // namespace

TEST_CASE("a grid varies the parameters of a method", "[programs][methods]") {
    const TemporaryDirectory folder;
    const std::string head = "dataset.path = \"" + case_file("name-without-effect/gemma.safetensors") +
                             "\"\naxes.source = \"last\"\nevaluation.references = [\"ref\"]\n"
                             "output.attributions = true\n";
    const auto run = [&](const std::string& name, const std::string& methods) {
        write_bytes(folder.file(name + ".toml"), head + methods);
        return attnflow::testing::attnflow({"run", name + ".toml", "--out", name}, folder.file(""));
    };
    const auto both = run("both", "methods = [\"rollout\", \"soft_widest_path(temperature=[0.01, 0.5])\"]\n");
    CHECK(both.exit_code == 0);
    CHECK_THAT(both.out, Catch::Contains("soft_widest_path(temperature=0.5)"));
    REQUIRE(run("cold", "methods = [\"soft_widest_path\"]\n").exit_code == 0);
    REQUIRE(run("hot", "methods = [\"soft_widest_path\"]\nparameters.soft_widest_path.temperature = 0.5\n")
                .exit_code == 0);
    const Strings cold = rows_of(folder, "both", "soft_widest_path(temperature=0.01)");
    const Strings hot = rows_of(folder, "both", "soft_widest_path(temperature=0.5)");
    REQUIRE(cold.size() > 1);
    CHECK(cold == rows_of(folder, "cold", "soft_widest_path"));
    CHECK(hot == rows_of(folder, "hot", "soft_widest_path"));
    CHECK(cold != hot);
    // What a call gives counts, whatever the table of parameters says; a finished sweep grows by a call.
    const auto grown =
        attnflow::testing::attnflow({"run", "both.toml", "--out", "both", "--resume", "--set",
                                     "methods=[\"rollout\",\"soft_widest_path(temperature=[0.01, 0.5, 1])\"]"},
                                    folder.file(""));
    CHECK(grown.exit_code == 0);
    CHECK(rows_of(folder, "both", "soft_widest_path(temperature=0.5)") == hot);
    CHECK(rows_of(folder, "both", "soft_widest_path(temperature=1)").size() == hot.size());
    // A parameter that a call leaves to the table is part of what was run.
    REQUIRE(run("left", "methods = [\"attention_flow(bits=20)\"]\n").exit_code == 0);
    const auto other = attnflow::testing::attnflow({"run", "left.toml", "--out", "left", "--resume", "--set",
                                                    "parameters.attention_flow.normalise_rows=true"},
                                                   folder.file(""));
    CHECK(other.exit_code == 2);
    CHECK_THAT(other.err, Catch::Contains("normalise_rows"));
    // And it can be what others are compared with.
    const auto compared =
        attnflow::testing::attnflow({"run", "both.toml", "--out", "compared", "--set",
                                     "evaluation.references=[\"method(soft_widest_path(0.5))\"]"},
                                    folder.file(""));
    CHECK(compared.exit_code == 0);
    CHECK_THAT(read_bytes(folder.file("compared/summary.csv")),
               Catch::Contains("method(soft_widest_path(temperature=0.5))"));
    const auto wrong = run("wrong", "methods = [\"soft_widest_path(temperature=2)\"]\n");
    CHECK(wrong.exit_code == 2);
    CHECK_THAT(wrong.err, Catch::Contains("wrong.toml:5:11: methods: soft_widest_path: temperature is 2"));
    for (const char* command : {"show", "report"})
        CHECK(attnflow::testing::attnflow({command, "both"}, folder.file("")).exit_code == 0);
}
