/// Benchmarks of the exact flow engine against a loop of LEMON's Preflow on the same integers.
/// Every sampled value is compared with LEMON's before anything is timed. See README.md.

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "algorithms/maxflow/flow_engine.hpp"
#include "attention/dataset.hpp"
#include "attention/network/build_network.hpp"
#include "bench/engine_families.hpp"
#include "bench/lemon_preflow.hpp"
#include "graph/support/parallel.hpp"

namespace {

using namespace attnflow;
using namespace attnflow::bench;

struct Pair {
    std::size_t source;
    std::size_t sink;
};

std::vector<Pair> sample_pairs(std::size_t tokens, std::size_t count) {
    Random random(7);
    std::vector<Pair> pairs;
    for (std::size_t k = 0; k < count; ++k) pairs.push_back({random.below(tokens), random.below(tokens)});
    return pairs;
}

/// Seconds of LEMON for each pair, at most `budget` in all; "" or the first value that differs.
struct Reference {
    std::vector<double> seconds;
    std::string failure;
    double mean() const {
        double sum = 0.0;
        for (const double s : seconds) sum += s;
        return sum / static_cast<double>(seconds.size());
    }
};

template <class Value>
Reference run_lemon(const FixedNetwork& network, const std::vector<Pair>& pairs, double budget,
                    const Value& value) {
    LemonPreflow lemon(network);
    Reference reference;
    const auto start = cpu_seconds();
    for (const Pair& pair : pairs) {
        const auto begin = cpu_seconds();
        const std::int64_t expected =
            lemon.solve(network.vertex(network.layers(), pair.source), network.vertex(0, pair.sink));
        reference.seconds.push_back(cpu_seconds() - begin);
        if (const std::int64_t ours = value(pair); ours != expected && reference.failure.empty()) {
            reference.failure =
                fmt::format("source {} sink {}: {}, LEMON finds {}", pair.source, pair.sink, ours, expected);
        }
        if (cpu_seconds() - start > budget) break;
    }
    return reference;
}

/// The units that the flows are exact in, and how far they are from the flows of the real capacities at most.
void count(benchmark::State& state, const FixedPoint& fixed_point) {
    state.counters["bits"] = fixed_point.bits;
    state.counters["error_bound"] = fixed_point.error_bound;
}

void count(benchmark::State& state, const FlowMatrix& flows, const FixedPoint& fixed_point) {
    count(state, fixed_point);
    const auto pairs = static_cast<double>(flows.values.rows() * flows.values.columns());
    for (const SettledBy by : all_settled_by) {
        if (flows.counters.pairs(by) == 0) continue;
        state.counters[fmt::format("%{}", to_string(by))] =
            100.0 * static_cast<double>(flows.counters.pairs(by)) / pairs;
    }
    state.counters["waves"] = static_cast<double>(flows.counters.waves);
    state.counters["edges_scanned"] = static_cast<double>(flows.counters.edges_scanned);
}

void all_pairs(benchmark::State& state, const EngineFamily& family, std::size_t layers, std::size_t tokens) {
    const auto [network, fixed_point] = family.network(layers, tokens);
    const FlowMatrix flows = FlowEngine(network).all_pairs(layers);
    const Reference lemon = run_lemon(network, sample_pairs(tokens, 40), 4.0,
                                      [&](const Pair& p) { return flows.values(p.source, p.sink); });
    if (!lemon.failure.empty()) return state.SkipWithError(lemon.failure.c_str());
    std::vector<double> seconds;
    for (auto _ : state) {
        const auto start = cpu_seconds();
        benchmark::DoNotOptimize(FlowEngine(network).all_pairs(layers));
        seconds.push_back(cpu_seconds() - start);
    }
    count(state, flows, fixed_point);
    const double loop = lemon.mean() * static_cast<double>(tokens * tokens);
    state.counters["lemon_loop_s"] = loop;
    state.counters["x_lemon"] = loop / median(seconds);
}

void last_row(benchmark::State& state, const EngineFamily& family, std::size_t layers, std::size_t tokens) {
    const auto [network, fixed_point] = family.network(layers, tokens);
    const std::size_t source[] = {tokens - 1};
    const FlowMatrix flows = FlowEngine(network).flows(layers, source);
    auto pairs = sample_pairs(tokens, 40);
    for (Pair& pair : pairs) pair.source = tokens - 1;
    const Reference lemon = run_lemon(network, pairs, 4.0, [&](const Pair& p) { return flows.values(0, p.sink); });
    if (!lemon.failure.empty()) return state.SkipWithError(lemon.failure.c_str());
    std::vector<double> seconds;
    for (auto _ : state) {
        const auto start = cpu_seconds();
        benchmark::DoNotOptimize(FlowEngine(network).flows(layers, source));
        seconds.push_back(cpu_seconds() - start);
    }
    count(state, flows, fixed_point);
    const double loop = lemon.mean() * static_cast<double>(tokens);
    state.counters["lemon_loop_s"] = loop;
    state.counters["x_lemon"] = loop / median(seconds);
}

// Median against median over the same pairs; the network is packed once, outside.
void single_pair(benchmark::State& state, const EngineFamily& family, std::size_t layers, std::size_t tokens) {
    const auto [network, fixed_point] = family.network(layers, tokens);
    FlowEngine engine(network);
    auto pairs = sample_pairs(tokens, 40);
    const Reference lemon = run_lemon(network, pairs, 20.0,
                                      [&](const Pair& p) { return engine.flow(layers, p.source, p.sink).value; });
    if (!lemon.failure.empty()) return state.SkipWithError(lemon.failure.c_str());
    pairs.resize(lemon.seconds.size());  // medians over the same pairs
    std::vector<double> seconds;
    std::size_t next = 0;
    for (auto _ : state) {
        const Pair& pair = pairs[next++ % pairs.size()];
        const auto start = cpu_seconds();
        benchmark::DoNotOptimize(engine.flow(layers, pair.source, pair.sink));
        seconds.push_back(cpu_seconds() - start);
    }
    count(state, fixed_point);
    state.counters["pairs"] = static_cast<double>(pairs.size());
    state.counters["median_us"] = 1e6 * median(seconds);
    state.counters["lemon_us"] = 1e6 * median(lemon.seconds);
    state.counters["x_lemon"] = median(lemon.seconds) / median(seconds);
}

// All pairs from every layer of bundled sentences; making the networks is not counted.
void sentences(benchmark::State& state, bool all, std::size_t jobs) {
    const auto dataset = Dataset::open(ATTNFLOW_SOURCE_DIR "/experiments/data/sva_dev200.safetensors");
    std::vector<FixedNetwork> networks;
    for (std::size_t i = 0; i < dataset.size(); ++i) {
        const Example example = dataset.example(i);
        if (!all && example.tokens.size() != 20) continue;
        networks.push_back(Quantiser()(build_network(example.attention, {})).network);
        if (!all) break;
    }
    FlowCounters counters;
    for (const FixedNetwork& network : networks) {
        for (const FlowMatrix& flows : FlowEngine(network).all_layers()) counters.add(flows.counters);
    }
    for (auto _ : state) {
        parallel_for(networks.size(), jobs, [&](std::size_t i, std::size_t) {
            benchmark::DoNotOptimize(FlowEngine(networks[i]).all_layers());
        });
    }
    for (const SettledBy by : all_settled_by) {
        state.counters[to_string(by)] = static_cast<double>(counters.pairs(by));
    }
    state.counters["all_waves"] = static_cast<double>(counters.waves);
}

}  // namespace

int main(int argc, char** argv) {
    const auto add = [](const char* what, auto function, const EngineFamily& family, std::size_t layers,
                        std::size_t tokens) {
        benchmark::RegisterBenchmark(fmt::format("engine/{}/{}/{}/{}", what, family.name, layers, tokens).c_str(),
                                     [=](benchmark::State& state) { function(state, family, layers, tokens); })
            ->Unit(benchmark::kMillisecond);
    };
    const EngineFamily peaked{"peaked", "peaked"};
    const EngineFamily no_skip{"no_skip", "no_skip", {{"sigma", 1.0}}};
    for (const std::size_t tokens : {128, 256, 512}) {
        for (const int sigma : {0, 1, 2, 3}) {
            add("single_pair", single_pair, uneven_keys(sigma), 12, tokens);
            for (const std::size_t layers : {12, 6, 3})
                add("all_pairs", all_pairs, uneven_keys(sigma), layers, tokens);
        }
        add("single_pair", single_pair, uneven_keys(1), 3, tokens);
        for (const std::size_t layers : {12, 6}) {
            add("all_pairs", all_pairs, peaked, layers, tokens);
            add("all_pairs", all_pairs, no_skip, layers, tokens);
        }
    }
    for (const int sigma : {0, 1, 2}) {
        for (const std::size_t tokens : {128, 256, 512, 1024})
            add("last_row", last_row, causal_keys(sigma), 12, tokens);
        for (const std::size_t tokens : {128, 256}) add("all_pairs", all_pairs, causal_keys(sigma), 12, tokens);
    }
    for (const std::size_t jobs : {1, 2}) {
        benchmark::RegisterBenchmark(fmt::format("engine/sentences/all200/jobs{}", jobs).c_str(),
                                     [jobs](benchmark::State& state) { sentences(state, true, jobs); })
            ->Unit(benchmark::kMillisecond)
            ->UseRealTime();
    }
    benchmark::RegisterBenchmark("engine/sentences/one", [](benchmark::State& state) {
        sentences(state, false, 1);
    })->Unit(benchmark::kMillisecond);
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
    benchmark::RunSpecifiedBenchmarks();
}
