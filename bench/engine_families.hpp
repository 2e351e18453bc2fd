#pragma once
/// What the flow engine's benchmarks run on, and their clock.

#include <algorithm>
#include <ctime>
#include <map>
#include <string>
#include <vector>

#include "graph/generators/network_generator.hpp"
#include "graph/quantiser.hpp"

namespace attnflow::bench {

/// A generator with parameters, under a name of its own. Seed 1.
struct EngineFamily {
    std::string name;
    std::string generator;
    std::map<std::string, ParameterValue> parameters = {};

    QuantisedNetwork network(std::size_t layers, std::size_t tokens, int bits = Quantiser::default_bits) const {
        return Quantiser(bits)(network_generators()
                                   .at(generator)
                                   .make(parameters)
                                   ->generate({.layers = layers, .tokens = tokens}, 1));
    }
};

/// sigma: unevenness of key popularity.
inline EngineFamily uneven_keys(int sigma) {
    return {fmt::format("sigma{}", sigma), "uneven_keys", {{"sigma", static_cast<double>(sigma)}}};
}
inline EngineFamily causal_keys(int sigma) {
    return {fmt::format("causal_sigma{}", sigma),
            "uneven_keys",
            {{"sigma", static_cast<double>(sigma)}, {"causal", true}}};
}

/// Processor time of this thread: both sides of a ratio run on one core, and a busy machine disturbs neither.
inline double cpu_seconds() {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

/// Not of an empty list.
inline double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

}  // namespace attnflow::bench
