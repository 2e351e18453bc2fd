#include <catch2/catch.hpp>

#include "algorithms/maxflow/max_flow_solver.hpp"
#include "algorithms/maxflow/stored_graph.hpp"
#include "graph/support/random.hpp"

using namespace attnflow;

namespace {

/// Minimum cut by trying every vertex set.
std::int64_t brute_force(const FlowProblem& problem) {
    std::int64_t best = std::numeric_limits<std::int64_t>::max();
    for (std::uint32_t side = 0; side < (1u << problem.vertices); ++side) {
        const auto in = [&](Vertex v) { return (side >> v & 1) != 0; };
        if (!in(problem.source) || in(problem.sink)) continue;
        std::int64_t capacity = 0;
        for (const FlowEdge& edge : problem.edges) {
            if (in(edge.from) && !in(edge.to)) capacity += edge.capacity;
        }
        best = std::min(best, capacity);
    }
    return best;
}

}  // namespace

TEST_CASE("stored graphs of any kind are solved and certified", "[stored_graph]") {
    for (std::uint64_t seed = 0; seed < 500; ++seed) {
        Random random(seed);
        FlowProblem problem{2 + random.below(6), {}, 0, 1};
        const auto vertex = [&] { return static_cast<Vertex>(random.below(problem.vertices)); };
        for (std::uint64_t e = random.below(20); e > 0; --e) {  // loops, cycles, parallel and antiparallel edges
            const Vertex from = vertex();
            const Vertex to = vertex();
            problem.edges.push_back({from, to, static_cast<std::int64_t>(random.below(10))});
        }
        StoredGraph graph = StoredGraph::of(problem);
        for (const std::string& solver : StoredGraph::solvers()) {
            INFO(solver << ", seed " << seed);
            const std::int64_t value = graph.solve(solver, problem.source, problem.sink);
            CHECK(value == brute_force(problem));
            CHECK(certify_flow(problem, value, graph.edge_flows(problem)).failure == "");
        }
    }
}

TEST_CASE("solvers of stored graphs are registered ones; others are refused", "[stored_graph]") {
    for (const std::string& solver : StoredGraph::solvers()) CHECK(max_flow_solvers().find(solver) != nullptr);
    StoredGraph graph = StoredGraph::of(FlowProblem{2, {{0, 1, 3}}, 0, 1});
    CHECK(graph.solve("push_relabel", 0, 1) == 3);
    CHECK_THROWS_WITH(graph.solve("dinic", 0, 1),
                      "'dinic' solves layered networks only; on other graphs: "
                      "boykov_kolmogorov, edmonds_karp, push_relabel");
}
