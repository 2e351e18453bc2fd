/// Benchmarks over the registries, on real attention. Answers are certified before they are
/// timed; a solver that is wrong is not timed. See README.md in this folder.

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/boykov_kolmogorov_max_flow.hpp>

#include "algorithms/attribution_method.hpp"
#include "algorithms/maxflow/max_flow_solver.hpp"
#include "attention/dataset.hpp"
#include "attention/network.hpp"
#include "graph/certificate.hpp"
#include "graph/quantiser.hpp"

namespace {

using namespace attnflow;

// The first bundled sentence of 20 tokens, heads averaged, skip weight 0.5.
const LayeredNetwork<double>& sentence() {
    static const LayeredNetwork<double> network = [] {
        const auto dataset = Dataset::open(ATTNFLOW_SOURCE_DIR "/experiments/data/sva_dev200.safetensors");
        for (std::size_t i = 0; i < dataset.size(); ++i) {
            const Example example = dataset.example(i);
            if (example.tokens.size() == 20) return build_network(example.attention, {});
        }
        throw InternalError("the bundled data has no sentence of 20 tokens");
    }();
    return network;
}

const FixedNetwork& fixed_sentence() {
    static const FixedNetwork network = Quantiser()(sentence()).network;
    return network;
}

/// Values of all pairs from the top layer; `solve(source, sink)` gives one.
template <class Solve>
std::vector<std::int64_t> all_pairs(const FixedNetwork& network, Solve solve) {
    std::vector<std::int64_t> values;
    for (std::size_t s = 0; s < network.width(network.layers()); ++s) {
        for (std::size_t t = 0; t < network.width(0); ++t) {
            values.push_back(solve(network.vertex(network.layers(), s), network.vertex(0, t)));
        }
    }
    return values;
}

// "" when every pair is certified, else the first failure.
std::string certify_all(MaxFlowFamily::Interface& solver, const FixedNetwork& network) {
    ResidualState<std::int64_t> state;
    std::string failure;
    all_pairs(network, [&](Vertex source, Vertex sink) {
        const auto value = solver.solve(network, source, sink, state);
        if (failure.empty()) failure = certify_max_flow(network, source, sink, value, state.forward()).failure;
        return value;
    });
    return failure;
}

void solver_all_pairs(benchmark::State& state, const MaxFlowRegistry::Entry& entry) {
    const auto solver = entry.make();
    if (const auto failure = certify_all(*solver, fixed_sentence()); !failure.empty()) {
        return state.SkipWithError(failure.c_str());
    }
    ResidualState<std::int64_t> residual;
    for (auto _ : state) {
        benchmark::DoNotOptimize(all_pairs(fixed_sentence(), [&](Vertex source, Vertex sink) {
            return solver->solve(fixed_sentence(), source, sink, residual);
        }));
    }
    state.counters["pairs"] = 400;
}

// The named peer: the same Boost solver on a plain adjacency_list with stored reverse edges.
void boost_adjacency_list(benchmark::State& state) {
    using Traits = boost::adjacency_list_traits<boost::vecS, boost::vecS, boost::directedS>;
    using VertexProperties =
        boost::property<boost::vertex_index_t, long,
                        boost::property<boost::vertex_predecessor_t, Traits::edge_descriptor,
                                        boost::property<boost::vertex_color_t, boost::default_color_type,
                                                        boost::property<boost::vertex_distance_t, long>>>>;
    using EdgeProperties =
        boost::property<boost::edge_capacity_t, std::int64_t,
                        boost::property<boost::edge_residual_capacity_t, std::int64_t,
                                        boost::property<boost::edge_reverse_t, Traits::edge_descriptor>>>;
    using Graph =
        boost::adjacency_list<boost::vecS, boost::vecS, boost::directedS, VertexProperties, EdgeProperties>;

    const FixedNetwork& network = fixed_sentence();
    Graph graph(network.vertices());
    for (std::size_t l = 1; l <= network.layers(); ++l) {
        for (std::size_t i = 0; i < network.width(l); ++i) {
            for (std::size_t j = 0; j < network.width(l - 1); ++j) {
                if (network.capacity(l, i, j) == 0) continue;
                const auto forward = add_edge(network.vertex(l, i), network.vertex(l - 1, j), graph).first;
                const auto reverse = add_edge(network.vertex(l - 1, j), network.vertex(l, i), graph).first;
                put(boost::edge_capacity, graph, forward, network.capacity(l, i, j));
                put(boost::edge_capacity, graph, reverse, 0);
                put(boost::edge_reverse, graph, forward, reverse);
                put(boost::edge_reverse, graph, reverse, forward);
            }
        }
    }
    const auto solve = [&](Vertex source, Vertex sink) {
        return boost::boykov_kolmogorov_max_flow(graph, static_cast<std::size_t>(source),
                                                 static_cast<std::size_t>(sink));
    };
    const auto solver = max_flow_solvers().at("boykov_kolmogorov").make();
    ResidualState<std::int64_t> residual;
    if (all_pairs(network, solve) != all_pairs(network, [&](Vertex source, Vertex sink) {
            return solver->solve(network, source, sink, residual);
        })) {
        return state.SkipWithError("values differ from the certified ones");
    }
    for (auto _ : state) benchmark::DoNotOptimize(all_pairs(network, solve));
    state.counters["pairs"] = 400;
}

// A whole method as a user calls it: certificates and binding cuts included.
void method_all_pairs(benchmark::State& state, const AttributionRegistry::Entry& entry) {
    const auto method = entry.make();
    std::vector<std::size_t> sources;
    for (std::size_t s = 0; s < sentence().width(sentence().layers()); ++s) sources.push_back(s);
    const AttributionProblem problem{sentence(), sentence().layers(), sources};
    for (auto _ : state) benchmark::DoNotOptimize(method->attribute(problem));
}

}  // namespace

int main(int argc, char** argv) {
    const std::size_t layers = sentence().layers();
    const std::size_t n = sentence().width(0);
    for (const auto& entry : max_flow_solvers().entries()) {
        benchmark::RegisterBenchmark(fmt::format("maxflow/{}/{}/{}", entry.info.name, layers, n).c_str(),
                                     [&entry](benchmark::State& state) { solver_all_pairs(state, entry); })
            ->Unit(benchmark::kMillisecond);
    }
    benchmark::RegisterBenchmark(fmt::format("maxflow/boost_adjacency_list/{}/{}", layers, n).c_str(),
                                 boost_adjacency_list)
        ->Unit(benchmark::kMillisecond);
    for (const auto& entry : attribution_methods().entries()) {
        benchmark::RegisterBenchmark(fmt::format("method/{}/{}/{}", entry.info.name, layers, n).c_str(),
                                     [&entry](benchmark::State& state) { method_all_pairs(state, entry); })
            ->Unit(benchmark::kMillisecond);
    }
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
    benchmark::RunSpecifiedBenchmarks();
}
