/// attnflow new: a member of a family to begin with, and where it goes. What is written is a small member that
/// works and keeps its contract, one of docs/members, under the name that was asked for.

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "experiments/cli/app.hpp"
#include "experiments/cli/command_line.hpp"
#include "experiments/cli/commands.hpp"
#include "graph/support/error.hpp"
#include "graph/support/files/output_file.hpp"
#include "graph/support/text.hpp"

namespace attnflow {

namespace member_examples {
extern const std::string_view method;
extern const std::string_view solver;
extern const std::string_view generator;
extern const std::string_view head_strategy;
extern const std::string_view pruner;
extern const std::string_view metric;
extern const std::string_view model_metric;
extern const std::string_view edge_weight;
extern const std::string_view test;  ///< of any member
}  // namespace member_examples

namespace {

struct Kind {
    std::string name;
    std::string_view example;
    std::string example_name;
    std::string registry;
    std::string folder;  ///< of the bundled ones
};

const std::vector<Kind>& kinds() {
    static const std::vector<Kind> all{
        {"method", member_examples::method, "greedy_path", "attribution_methods", "algorithms"},
        {"solver", member_examples::solver, "ford_fulkerson", "max_flow_solvers", "algorithms/maxflow"},
        {"generator", member_examples::generator, "left_neighbour", "network_generators", "graph/generators"},
        {"head_strategy", member_examples::head_strategy, "peak_head", "head_strategies",
         "attention/network/heads"},
        {"pruner", member_examples::pruner, "above_mean", "edge_pruners", "attention/network/pruning"},
        {"metric", member_examples::metric, "side_agreement", "metrics", "experiments/metrics"},
        {"edge_weight", member_examples::edge_weight, "squared_attention", "edge_weights",
         "attention/extract/edge_weights"},
        {"model_metric", member_examples::model_metric, "decision_flip", "model_metrics",
         "experiments/model_metrics"}};
    return all;
}

std::vector<std::string> kind_names() {
    std::vector<std::string> names;
    for (const Kind& kind : kinds()) names.push_back(kind.name);
    return names;
}

// "greedy_path" -> "GreedyPath"
std::string class_name(const std::string& name) {
    std::string out;
    bool begins = true;
    for (const char c : name) {
        if (c == '_') {
            begins = true;
            continue;
        }
        out += begins ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
        begins = false;
    }
    return out;
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
    for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
        text.replace(at, from.size(), to);
    return text;
}

constexpr std::string_view advice =
    R"(Inside attnflow: move @name@.hpp to @folder@/, include it in @folder@/registry.cpp, and add there
    r.add<@Name@>();
In a program of your own: in what run_app() is given
    attnflow::@registry@().add<@Name@>();
and in its CMakeLists.txt
    add_executable(@name@_test @name@_test.cpp)
    target_link_libraries(@name@_test PRIVATE attnflow::cli)
    add_test(NAME @name@ COMMAND @name@_test)
Then `check @name@` says whether it keeps its contract; docs/adding-a-member.md says what to declare.
)";

struct Arguments {
    std::string kind;
    std::string name;
    std::string folder = ".";
};

int write_member(const Arguments& arguments) {
    const std::string& name = arguments.name;
    if (name.front() < 'a' || name.front() > 'z' ||
        name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") != std::string::npos)
        throw ParameterError(
            fmt::format("NAME '{}', expected lower case letters, digits and _, a letter first", excerpt(name)));
    const Kind& kind = *std::find_if(kinds().begin(), kinds().end(),
                                     [&](const Kind& other) { return other.name == arguments.kind; });
    const auto filled = [&](std::string_view text) {
        std::string out(text);
        for (const auto& [mark, value] : {std::pair<std::string, std::string>("@name@", name),
                                          {"@Name@", class_name(name)},
                                          {"@registry@", kind.registry},
                                          {"@folder@", kind.folder}}) {
            out = replaced(std::move(out), mark, value);
        }
        return out;
    };
    std::string header = replaced(std::string(kind.example), class_name(kind.example_name), class_name(name));
    header = replaced(std::move(header), kind.example_name, name);
    const std::filesystem::path folder = arguments.folder;
    const NamedFiles files{{name + ".hpp", header}, {name + "_test.cpp", filled(member_examples::test)}};
    for (const auto& file : files) {
        if (std::filesystem::exists(folder / file.first))
            throw InputError(fmt::format("{} is there already: choose another name, or a folder with --out",
                                         escape_controls((folder / file.first).string())));
    }
    write_files(folder, files);
    fmt::print("wrote {} and {}\n{}", escape_controls((folder / files[0].first).string()),
               escape_controls((folder / files[1].first).string()), filled(advice));
    return exit_done;
}

}  // namespace

void add_new(CommandLine& line) {
    auto arguments = std::make_shared<Arguments>();
    Command command = line.command("new", "Write a member of a family to begin with: a header and a test");
    command.option("KIND", arguments->kind, "What it is").required().one_of(kind_names());
    command.option("NAME", arguments->name, "Its name, as in `attnflow list`")
        .required()
        .check({"NAME", [](const std::string& text) { return text.empty() ? "is empty" : ""; }});
    command.option("--out", arguments->folder, "Folder").shows_default();
    command.runs([arguments] { return write_member(*arguments); });
}

}  // namespace attnflow
