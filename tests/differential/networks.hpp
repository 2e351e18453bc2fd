#pragma once
/// Families of small random networks for differential tests of max flow: any width, any capacity that is legal,
/// zeros, ties, masks. Drawn with integers alone, so that a seed names a network on every platform; only the
/// family `generated` (the registered generators) may differ in the last bit between C libraries.

#include <span>
#include <string>
#include <string_view>

#include "graph/layered_network.hpp"
#include "graph/support/random.hpp"

namespace attnflow::testing {

struct NetworkLimits {
    std::size_t most_layers = 6;
    std::size_t most_tokens = 8;
    /// The largest sum of a layer's capacities is drawn between 2^least_bits and 2^most_bits; 2^62 stands for the
    /// largest that is legal (graph/capacity.hpp).
    int least_bits = 0;
    int most_bits = 53;
};

struct NetworkFamily {
    const char* name;
    const char* summary;
};
std::span<const NetworkFamily> network_families();

/// Of a family, or of a random one for "all". Throws ParameterError for another name and for limits that are empty
/// or above 62 bits.
FixedNetwork draw_network(std::string_view family, const NetworkLimits& limits, std::uint64_t seed);

/// Sources, sinks and layers keep their order: "widths 1 2 1", then a line "layer 1: 5 / 6" for each layer, rows
/// separated by "/".
std::string to_text(const FixedNetwork& network);
/// The inverse. Throws InputError for anything else.
FixedNetwork network_from_text(std::string_view text);

}  // namespace attnflow::testing
