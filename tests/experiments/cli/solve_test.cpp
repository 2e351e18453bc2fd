/// attnflow generate and attnflow solve, from outside.

#include <fstream>

#include <catch2/catch.hpp>

#include "algorithms/maxflow/max_flow_solver.hpp"
#include "graph/generators/network_generator.hpp"
#include "tests/run_command.hpp"

using namespace attnflow;
using namespace attnflow::testing;
using Catch::Contains;

namespace {

/// The text after `label` up to the end of its line.
std::string line_after(const std::string& text, const std::string& label) {
    const std::size_t begin = text.find(label);
    if (begin == std::string::npos) return "";
    return text.substr(begin + label.size(), text.find('\n', begin) - begin - label.size());
}

std::string write(const std::string& path, const std::string& text) {
    std::ofstream(path) << text;
    return path;
}

// Not layered: 3 is one or two steps from the source.
const std::string cyclic = "p max 4 6\nn 1 s\nn 4 t\na 1 2 5\na 2 3 4\na 3 2 9\na 3 4 3\na 1 3 2\na 2 4 1\n";

}  // namespace

TEST_CASE("a generated problem is solved alike by every solver", "[cli]") {
    const TemporaryDirectory folder;
    const std::string file = folder.file("p.max");
    const auto made =
        testing::attnflow({"generate", "uneven_keys", "--layers", "3", "--tokens", "9", "--seed", "4", "--param",
                           "sigma=2.5", "--source", "2", "--sink", "7", "--out", file});
    CHECK(made.err == "");
    REQUIRE(made.exit_code == 0);
    const std::string first = read_bytes(file);
    CHECK_THAT(first,
               Contains("c attnflow generate uneven_keys --layers 3 --tokens 9 --seed 4 --param sigma=2.5"));
    std::string value;
    for (const std::string& solver : max_flow_solvers().names()) {
        const std::string flow = folder.file("flow-" + solver);
        const auto solved = testing::attnflow({"solve", file, "--solver", solver, "--flow", flow});
        INFO(solver << ": " << solved.err);
        REQUIRE(solved.exit_code == 0);
        CHECK_THAT(solved.out, Contains("solver   " + solver) && Contains("certified"));
        if (value.empty()) value = line_after(solved.out, "value    ");
        CHECK(value != "");
        CHECK(line_after(solved.out, "value    ") == value);
        CHECK(read_bytes(flow).rfind("s " + value + "\nf ", 0) == 0);
    }
    // A seed names the file.
    testing::attnflow({"generate", "uneven_keys", "--layers", "3", "--tokens", "9", "--seed", "4", "--param",
                       "sigma=2.5", "--source", "2", "--sink", "7", "--out", file});
    CHECK(read_bytes(file) == first);
}

TEST_CASE("every generator makes a problem that can be solved", "[cli]") {
    const TemporaryDirectory folder;
    for (const std::string& generator : network_generators().names()) {
        const std::string file = folder.file(generator + ".dimacs");
        INFO(generator);
        CHECK(testing::attnflow({"generate", generator, "--layers", "3", "--tokens", "5", "--out", file})
                  .exit_code == 0);
        CHECK(testing::attnflow({"solve", file}).exit_code == 0);
    }
}

TEST_CASE("a graph that is not layered is solved by those that can, others say why not", "[cli]") {
    const TemporaryDirectory folder;
    const std::string file = write(folder.file("cyclic.max"), cyclic);
    for (const std::string solver : {"", "boykov_kolmogorov", "edmonds_karp", "push_relabel"}) {
        std::vector<std::string> arguments{"solve", file};
        if (!solver.empty()) arguments.insert(arguments.end(), {"--solver", solver});
        const auto solved = testing::attnflow(arguments);
        CHECK(solved.exit_code == 0);
        CHECK(line_after(solved.out, "value    ") == "4");
        CHECK_THAT(solved.out, Contains("not layered"));
    }
    const auto refused = testing::attnflow({"solve", file, "--solver", "dinic"});
    CHECK(refused.exit_code == 2);
    CHECK(refused.err ==
          "attnflow: dinic solves layered networks only, and this is none: the edge from 2 to 3 leads from 1 to 1 "
          "steps "
          "from the source; use one of boykov_kolmogorov, edmonds_karp, push_relabel\n");
}

TEST_CASE("generated attention is attention", "[cli]") {
    const TemporaryDirectory folder;
    const std::string file = folder.file("a.safetensors");
    CHECK(testing::attnflow({"generate", "causal", "--tokens", "8", "--out", file}).exit_code == 0);
    const auto report = testing::attnflow({"validate", file});
    CHECK(report.exit_code == 0);
    CHECK_THAT(report.out, Contains("1 example is causal"));
    const auto refused = testing::attnflow({"generate", "orphans", "--out", file});
    CHECK(refused.exit_code == 2);
    CHECK_THAT(refused.err, Contains("orphans makes no attention"));
}

TEST_CASE("solve and generate refuse what they cannot use", "[cli]") {
    const TemporaryDirectory folder;
    const auto error = [&](const std::vector<std::string>& arguments) {
        const auto result = testing::attnflow(arguments);
        CHECK(result.exit_code == 2);
        CHECK(result.out == "");
        return result.err;
    };
    const std::string out = folder.file("x.max");
    CHECK_THAT(error({"solve", folder.file("none.max")}), Contains("cannot be opened: No such file"));
    CHECK_THAT(error({"solve", write(folder.file("bad.max"), "p max 3 1\n")}),
               Contains("bad.max: line 1: the file ends after 0 edges"));
    CHECK_THAT(error({"solve", write(folder.file("a.max"), cyclic), "--solver", "dinc"}),
               Contains("no max-flow solver 'dinc'; did you mean 'dinic'?"));
    CHECK_THAT(error({"generate", "uneven_kyes", "--out", out}), Contains("did you mean 'uneven_keys'?"));
    CHECK_THAT(error({"generate", "diffuse", "--out", out, "--param", "heads=0"}),
               Contains("integer in [1, 1024]"));
    CHECK_THAT(error({"generate", "diffuse", "--out", out, "--param", "head=1"}),
               Contains("did you mean 'heads'?"));
    CHECK_THAT(error({"generate", "diffuse", "--out", out, "--sink", "20"}),
               Contains("--sink 20: layer 0 has 20 vertices, counted from 0"));
    CHECK_THAT(error({"generate", "diffuse", "--out", folder.file("x.txt")}), Contains("ends in .max or .dimacs"));
    CHECK_THAT(error({"generate", "diffuse", "--out", out, "--layers", "0"}), Contains("at least one of each"));
    CHECK_THAT(error({"generate", "diffuse", "--out", out, "--seed", "-1"}), Contains("a whole number >= 0"));
    const std::string problem = write(folder.file("own.max"), cyclic);
    CHECK(testing::attnflow({"solve", problem, "--flow", problem}).exit_code == 2);
    CHECK(testing::read_bytes(problem) == cyclic);
    CHECK_FALSE(std::filesystem::exists(out));
}
