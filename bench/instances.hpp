#pragma once
/// The networks that benchmarks run on: a bundled sentence, and every network generator.

#include <string>
#include <vector>

#include "graph/layered_network.hpp"

namespace attnflow::bench {

/// The first bundled sentence of 20 tokens, 6 layers, heads averaged, skip weight 0.5.
const LayeredNetwork<double>& sentence();

struct Instance {
    std::string family;  ///< "real", or the name of a generator
    std::size_t layers;
    std::size_t tokens;

    /// Made when asked for, the same every time (generators: seed 1, default parameters).
    LayeredNetwork<double> network() const;
};

/// "real", and every generator with 6 layers of 20 tokens; when `large` also 32, 128 and 256
/// tokens with 6 and 12 layers.
std::vector<Instance> instances(bool large);

}  // namespace attnflow::bench
