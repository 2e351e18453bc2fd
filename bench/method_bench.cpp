/// Attribution methods of the registry as a user calls them, on a real sentence: all sources
/// of the top layer, certificates and binding cuts included.

#include <numeric>

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "algorithms/attribution_method.hpp"
#include "bench/families.hpp"
#include "bench/instances.hpp"

namespace attnflow::bench {

void register_methods() {
    const std::size_t layers = sentence().layers();
    const std::size_t tokens = sentence().width(0);
    for (const auto& entry : attribution_methods().entries()) {
        benchmark::RegisterBenchmark(fmt::format("method/{}/{}/{}", entry.info.name, layers, tokens).c_str(),
                                     [&entry, layers, tokens](benchmark::State& state) {
                                         std::vector<std::size_t> sources(tokens);
                                         std::iota(sources.begin(), sources.end(), std::size_t{0});
                                         const auto method = entry.make();
                                         const AttributionProblem problem{sentence(), layers, sources};
                                         for (auto _ : state) benchmark::DoNotOptimize(method->attribute(problem));
                                     })
            ->Unit(benchmark::kMicrosecond);
    }
}

}  // namespace attnflow::bench
