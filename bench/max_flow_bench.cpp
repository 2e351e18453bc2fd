/// Max-flow solvers of the registry on every instance, and Boost's solvers also on a stored
/// copy of the same network. Every answer is certified before anything is timed.

#include <algorithm>

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "algorithms/maxflow/max_flow_solver.hpp"
#include "algorithms/maxflow/stored_graph.hpp"
#include "bench/families.hpp"
#include "bench/instances.hpp"
#include "graph/certificate.hpp"
#include "graph/quantiser.hpp"

namespace attnflow::bench {
namespace {

using Pairs = std::vector<std::pair<Vertex, Vertex>>;

// All pairs from the top layer of a sentence; of generated networks a few, spread out.
Pairs pairs_of(const Instance& instance, const FixedNetwork& g) {
    Pairs pairs;
    const std::size_t sources = g.width(g.layers());
    const std::size_t tokens = g.width(0);
    if (instance.family == "real") {
        for (std::size_t s = 0; s < sources; ++s) {
            for (std::size_t t = 0; t < tokens; ++t) pairs.emplace_back(g.vertex(g.layers(), s), g.vertex(0, t));
        }
        return pairs;
    }
    const std::size_t count = instance.tokens <= 32 ? 8 : 2;
    for (std::size_t k = 0; k < count; ++k) {
        pairs.emplace_back(g.vertex(g.layers(), (7 * k + 3) % sources), g.vertex(0, (13 * k + 5) % tokens));
    }
    return pairs;
}

struct Problem {
    FixedNetwork network;
    Pairs pairs;
    std::vector<std::int64_t> values;  ///< certified
    std::string failure;               ///< of a certificate, "" when all hold

    Problem(const Instance& instance, MaxFlowFamily::Interface& solver)
        : network(Quantiser()(instance.network()).network), pairs(pairs_of(instance, network)) {
        ResidualState<std::int64_t> state;
        for (const auto& [source, sink] : pairs) {
            values.push_back(solver.solve(network, source, sink, state));
            if (!failure.empty()) continue;
            failure = certify_max_flow(network, source, sink, values.back(), state.forward()).failure;
        }
    }
};

void count(benchmark::State& state, const Problem& problem) {
    using benchmark::Counter;
    const auto pairs = static_cast<double>(problem.pairs.size());
    state.counters["pairs"] = pairs;
    state.counters["edges"] = static_cast<double>(problem.network.edges());
    state.counters["s_per_pair"] = Counter(pairs, Counter::kIsIterationInvariantRate | Counter::kInvert);
}

void implicit(benchmark::State& state, const Instance& instance, const MaxFlowRegistry::Entry& entry) {
    const auto solver = entry.make();
    const Problem problem(instance, *solver);
    if (!problem.failure.empty()) return state.SkipWithError(problem.failure.c_str());
    ResidualState<std::int64_t> residual;
    for (auto _ : state) {
        for (const auto& [source, sink] : problem.pairs) {
            benchmark::DoNotOptimize(solver->solve(problem.network, source, sink, residual));
        }
    }
    count(state, problem);
}

// Time to make the copy is not counted.
void stored_copy(benchmark::State& state, const Instance& instance, const std::string& solver) {
    const Problem problem(instance, *max_flow_solvers().entries().front().make());
    StoredGraph copy = StoredGraph::of(problem.network);
    for (std::size_t k = 0; k < problem.pairs.size(); ++k) {
        const auto& [source, sink] = problem.pairs[k];
        if (copy.solve(solver, source, sink) != problem.values[k]) {
            return state.SkipWithError("a value differs from the certified one");
        }
    }
    for (auto _ : state) {
        for (const auto& [source, sink] : problem.pairs)
            benchmark::DoNotOptimize(copy.solve(solver, source, sink));
    }
    count(state, problem);
}

}  // namespace

void register_max_flow(bool large) {
    const auto with_copy = StoredGraph::solvers();
    for (const Instance& instance : instances(large)) {
        for (const auto& entry : max_flow_solvers().entries()) {
            const std::string& solver = entry.info.name;
            const auto row = [&](const std::string& suffix) {
                return fmt::format("{}/{}{}/{}/{}", instance.family, solver, suffix, instance.layers,
                                   instance.tokens);
            };
            benchmark::RegisterBenchmark(row("").c_str(), [=, &entry](benchmark::State& state) {
                implicit(state, instance, entry);
            })->Unit(benchmark::kMicrosecond);
            if (std::find(with_copy.begin(), with_copy.end(), solver) == with_copy.end()) continue;
            benchmark::RegisterBenchmark(row("_copy").c_str(), [=](benchmark::State& state) {
                stored_copy(state, instance, solver);
            })->Unit(benchmark::kMicrosecond);
        }
    }
}

}  // namespace attnflow::bench
