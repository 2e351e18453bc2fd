/// attnflow solve FILE: one maximum flow of a DIMACS file, certified, with its cut.

#include <algorithm>
#include <chrono>
#include <iostream>
#include <istream>
#include <memory>
#include <optional>
#include <sstream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "algorithms/maxflow/max_flow_solver.hpp"
#include "algorithms/maxflow/stored_graph.hpp"
#include "attention/files/file_kind.hpp"
#include "experiments/cli/app.hpp"
#include "experiments/cli/commands.hpp"
#include "experiments/cli/options.hpp"
#include "experiments/run_folder.hpp"
#include "graph/dimacs.hpp"
#include "graph/support/files/input_stream.hpp"
#include "graph/support/files/output_file.hpp"

namespace attnflow {
namespace {

struct SolveArguments {
    std::string file;
    std::string solver;
    std::string flow_file;
    std::string format = "table";
    bool whole_cut = false;
};

struct Solution {
    std::string solver;
    std::string graph;  ///< what it was solved on
    std::int64_t value = 0;
    std::vector<std::int64_t> flow = {};
    double milliseconds = 0.0;  ///< of the solve alone
};

/// Leaves the stream where it was, as far as it can be: of a pipe only the buffer is looked at.
std::string first_bytes(std::istream& in) {
    std::string begin(static_cast<std::size_t>(std::clamp<std::streamsize>(in.rdbuf()->in_avail(), 0, 1024)),
                      '\0');
    const auto read = in.rdbuf()->sgetn(begin.data(), static_cast<std::streamsize>(begin.size()));
    begin.resize(static_cast<std::size_t>(read));
    for (std::size_t i = begin.size(); i-- > 0;) in.rdbuf()->sputbackc(begin[i]);
    return begin;
}

FlowProblem read_problem(const std::string& path) {
    std::optional<InputBuffer> buffer;
    if (path != "-") buffer.emplace(InputFile::open(path));
    std::istream file(buffer ? &*buffer : nullptr);
    if (buffer) file.exceptions(std::istream::badbit);  // an error of the file, with its reason
    std::istream& in = path == "-" ? std::cin : file;
    const std::string name = path == "-" ? "standard input" : escape_controls(path);
    if (!in || in.peek() == std::istream::traits_type::eof()) {
        throw InputError(name + ": cannot be read, or is empty");
    }
    const std::string begin = first_bytes(in);
    if (const auto why = why_no_text(begin)) throw InputError(fmt::format("{}: {}", name, *why));
    return read_dimacs(in, name);
}

template <class Solve>
std::int64_t timed(Solution& solution, Solve solve) {
    const auto start = std::chrono::steady_clock::now();
    solution.value = solve();
    solution.milliseconds =
        std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
    return solution.value;
}

Solution solve_in_layers(const FlowProblem& problem, const LayeredProblem& layered, const std::string& solver) {
    const FixedNetwork& g = layered.network;
    const auto [narrowest, widest] = std::minmax_element(g.widths().begin(), g.widths().end());
    Solution solution{
        .solver = solver.empty() ? max_flow_solvers().names().front() : solver,
        .graph = fmt::format("{} layers of {} to {} vertices, {} edges; solved without a copy of the edges",
                             g.layers(), *narrowest, *widest, g.edges())};
    const auto member = max_flow_solvers().at(solution.solver).make();
    ResidualState<std::int64_t> state;
    timed(solution, [&] { return member->solve(g, layered.source, layered.sink, state); });
    solution.flow = layered.edge_flows(problem, state.forward());
    return solution;
}

Solution solve_stored(const FlowProblem& problem, const std::string& obstacle, const std::string& solver) {
    const auto able = StoredGraph::solvers();
    Solution solution{.solver = solver.empty() ? "push_relabel" : max_flow_solvers().at(solver).info.name,
                      .graph = fmt::format("not layered: {}; solved on a stored graph", obstacle)};
    if (std::find(able.begin(), able.end(), solution.solver) == able.end()) {
        throw ParameterError(fmt::format("{} solves layered networks only, and this is none: {}; use one of {}",
                                         solution.solver, obstacle, join(able, ", ")));
    }
    StoredGraph graph = StoredGraph::of(problem);
    timed(solution, [&] { return graph.solve(solution.solver, problem.source, problem.sink); });
    solution.flow = graph.edge_flows(problem);
    return solution;
}

std::string edge_text(const FlowEdge& edge) {
    return fmt::format("{} -> {}, capacity {}", edge.from + std::size_t{1}, edge.to + std::size_t{1},
                       edge.capacity);
}

/// Vertices on one side of the cut, counted from 1 as in the file.
std::vector<std::size_t> side(const FlowCertificate& certificate, bool of_source) {
    std::vector<std::size_t> vertices;
    for (std::size_t v = 0; v < certificate.source_side.size(); ++v) {
        if (static_cast<bool>(certificate.source_side[v]) == of_source) vertices.push_back(v + 1);
    }
    return vertices;
}

std::string table(const FlowProblem& problem, const Solution& solution, const FlowCertificate& certificate,
                  bool whole_cut) {
    const auto& cut = certificate.cut_edges;
    std::string out =
        fmt::format("graph    {}\nsolver   {}\nvalue    {}\n", solution.graph, solution.solver, solution.value);
    out += fmt::format("cut      {} edges leave the source's side of {} vertices (minimum, certified)\n",
                       cut.size(), side(certificate, true).size());
    const std::size_t shown = whole_cut ? cut.size() : std::min<std::size_t>(10, cut.size());
    for (std::size_t k = 0; k < shown; ++k) out += fmt::format("         {}\n", edge_text(problem.edges[cut[k]]));
    if (shown < cut.size()) out += fmt::format("         and {} more (--cut lists all)\n", cut.size() - shown);
    if (whole_cut) {
        out += fmt::format("source's side  {}\nsink's side    {}\n", fmt::join(side(certificate, true), " "),
                           fmt::join(side(certificate, false), " "));
    }
    return out + fmt::format("time     {:.3f} ms (the solve alone)\n", solution.milliseconds);
}

std::string json(const SolveArguments& arguments, const FlowProblem& problem, const Solution& solution,
                 const FlowCertificate& certificate) {
    auto cut = nlohmann::ordered_json::array();
    for (const std::size_t e : certificate.cut_edges) {
        const FlowEdge& edge = problem.edges[e];
        cut.push_back({{"edge", e + 1},
                       {"from", edge.from + std::size_t{1}},
                       {"to", edge.to + std::size_t{1}},
                       {"capacity", edge.capacity}});
    }
    const nlohmann::ordered_json document{{"file", escape_controls(arguments.file)},
                                          {"vertices", problem.vertices},
                                          {"edges", problem.edges.size()},
                                          {"source", problem.source + std::size_t{1}},
                                          {"sink", problem.sink + std::size_t{1}},
                                          {"graph", solution.graph},
                                          {"solver", solution.solver},
                                          {"value", solution.value},
                                          {"cut_edges", std::move(cut)},
                                          {"source_side", side(certificate, true)},
                                          {"sink_side", side(certificate, false)}};
    return document.dump(2) + "\n";
}

/// As comments of the format, in which a flow may have any.
std::string commented(const std::string& text) {
    std::string out;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) out += "c " + line + "\n";
    return out;
}

void write_flow(const SolveArguments& arguments, const std::string& flow) {
    const std::filesystem::path path(arguments.flow_file);
    std::error_code none;
    if (std::filesystem::equivalent(path, arguments.file, none)) {
        throw ParameterError(fmt::format("--flow {}: is the problem itself, expected another file",
                                         escape_controls(arguments.flow_file)));
    }
    refuse_run_file(folder_of(path), path.filename().string());
    write_file(path, flow);
}

int solve_file(const SolveArguments& arguments) {
    if (!arguments.solver.empty()) max_flow_solvers().at(arguments.solver);  // a wrong name is told before reading
    const bool flow_to_output = arguments.flow_file == "-";
    const bool as_json = arguments.format == "json";
    if (flow_to_output && as_json)
        throw ParameterError("--flow -: standard output holds the JSON already, expected a file");
    const FlowProblem problem = read_problem(arguments.file);
    const LayeringResult layers = find_layers(problem);
    const Solution solution = layers.layered ? solve_in_layers(problem, *layers.layered, arguments.solver)
                                             : solve_stored(problem, layers.obstacle, arguments.solver);
    const FlowCertificate certificate = certify_flow(problem, solution.value, solution.flow);
    if (!certificate.holds) {
        throw InternalError(
            fmt::format("{}: the flow fails its certificate: {}", solution.solver, certificate.failure));
    }
    std::string flow;
    if (!arguments.flow_file.empty()) {
        std::ostringstream text;
        write_dimacs_flow(text, problem, solution.value, solution.flow);
        flow = text.str();
        if (!flow_to_output) write_flow(arguments, flow);
    }
    if (as_json) {
        fmt::print("{}", json(arguments, problem, solution, certificate));
        return exit_done;
    }
    std::string report = fmt::format("{}: {} vertices, {} edges, from {} to {}\n", escape_controls(arguments.file),
                                     problem.vertices, problem.edges.size(), problem.source + std::size_t{1},
                                     problem.sink + std::size_t{1}) +
                         table(problem, solution, certificate, arguments.whole_cut);
    if (flow_to_output) {
        fmt::print("{}{}", commented(report), flow);
        return exit_done;
    }
    if (!flow.empty()) report += fmt::format("flow     written to {}\n", escape_controls(arguments.flow_file));
    fmt::print("{}", report);
    return exit_done;
}

}  // namespace

void add_solve(CommandLine& line) {
    auto arguments = std::make_shared<SolveArguments>();
    Command command = line.command("solve", "Solve a max-flow problem in DIMACS format, on any directed graph");
    command.option("FILE", arguments->file, "problem in DIMACS format ('p max ...'), - for standard input")
        .required();
    command.option("--solver", arguments->solver,
                   "max-flow solver; by default dinic on layered graphs, push_relabel on others");
    command
        .option(
            "--flow", arguments->flow_file,
            "also write the flow, in the format's solution lines; - for standard output, where the rest becomes "
            "comments")
        .check(has_name());
    command.flag("--cut", arguments->whole_cut, "list every edge of the cut, and the vertices on both sides");
    command.option("--format", arguments->format, "table, or json, which holds the whole cut")
        .one_of({"table", "json"})
        .shows_default();
    command.runs([arguments] { return solve_file(*arguments); });
}

}  // namespace attnflow
