/// attnflow solve FILE: one maximum flow of a DIMACS file, certified, with its cut.

#include <algorithm>
#include <chrono>
#include <istream>
#include <memory>
#include <sstream>

#include <fmt/format.h>

#include "algorithms/maxflow/max_flow_solver.hpp"
#include "algorithms/maxflow/stored_graph.hpp"
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
};

struct Solution {
    std::string solver;
    std::string graph;  ///< what it was solved on
    std::int64_t value = 0;
    std::vector<std::int64_t> flow = {};
    double milliseconds = 0.0;  ///< of the solve alone
};

FlowProblem read_problem(const std::string& path) {
    InputBuffer buffer(InputFile::open(path));
    const std::string name = escape_controls(path);
    if (buffer.file().size() == 0) throw InputError(name + ": is empty");
    std::istream stream(&buffer);
    stream.exceptions(std::istream::badbit);  // an error of the file, with its reason
    return read_dimacs(stream, name);
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

void print(const FlowProblem& problem, const Solution& solution, const FlowCertificate& certificate) {
    const auto inside = std::count(certificate.source_side.begin(), certificate.source_side.end(), true);
    fmt::print("graph    {}\n", solution.graph);
    fmt::print("solver   {}\n", solution.solver);
    fmt::print("value    {}\n", solution.value);
    fmt::print("cut      {} edges leave the source's side of {} vertices (minimum, certified)\n",
               certificate.cut_edges.size(), inside);
    constexpr std::size_t most = 10;
    for (std::size_t k = 0; k < std::min(most, certificate.cut_edges.size()); ++k) {
        const FlowEdge& edge = problem.edges[certificate.cut_edges[k]];
        fmt::print("         {} -> {}, capacity {}\n", edge.from + std::size_t{1}, edge.to + std::size_t{1},
                   edge.capacity);
    }
    if (certificate.cut_edges.size() > most)
        fmt::print("         and {} more\n", certificate.cut_edges.size() - most);
    fmt::print("time     {:.3f} ms (the solve alone)\n", solution.milliseconds);
}

int solve_file(const SolveArguments& arguments) {
    if (!arguments.solver.empty()) max_flow_solvers().at(arguments.solver);  // a wrong name is told before reading
    const FlowProblem problem = read_problem(arguments.file);
    fmt::print("{}: {} vertices, {} edges, from {} to {}\n", escape_controls(arguments.file), problem.vertices,
               problem.edges.size(), problem.source + std::size_t{1}, problem.sink + std::size_t{1});
    const LayeringResult layers = find_layers(problem);
    const Solution solution = layers.layered ? solve_in_layers(problem, *layers.layered, arguments.solver)
                                             : solve_stored(problem, layers.obstacle, arguments.solver);
    const FlowCertificate certificate = certify_flow(problem, solution.value, solution.flow);
    if (!certificate.holds) {
        throw InternalError(
            fmt::format("{}: the flow fails its certificate: {}", solution.solver, certificate.failure));
    }
    print(problem, solution, certificate);
    if (!arguments.flow_file.empty()) {
        std::ostringstream text;
        write_dimacs_flow(text, problem, solution.value, solution.flow);
        const std::filesystem::path path(arguments.flow_file);
        std::error_code none;
        if (std::filesystem::equivalent(path, arguments.file, none)) {
            throw ParameterError(fmt::format("--flow {}: is the problem itself, expected another file",
                                             escape_controls(arguments.flow_file)));
        }
        refuse_run_file(folder_of(path), path.filename().string());
        write_file(path, text.str());
        fmt::print("flow     written to {}\n", escape_controls(arguments.flow_file));
    }
    return exit_done;
}

}  // namespace

void add_solve(CommandLine& line) {
    auto arguments = std::make_shared<SolveArguments>();
    Command command = line.command("solve", "Solve a max-flow problem in DIMACS format, on any directed graph");
    command.option("FILE", arguments->file, "problem in DIMACS format ('p max ...')").required();
    command.option("--solver", arguments->solver,
                   "max-flow solver; by default dinic on layered graphs, push_relabel on others");
    command.option("--flow", arguments->flow_file, "also write the flow, in the format's solution lines")
        .check(has_name());
    command.runs([arguments] { return solve_file(*arguments); });
}

}  // namespace attnflow
