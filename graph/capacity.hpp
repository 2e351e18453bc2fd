#pragma once
/// The legal range of integer capacities, stated once.
///
/// The numbers that a max-flow solver forms are sums of capacities of one layer (what a vertex receives, sends,
/// has too much of), or two of these added (a flow and an excess; what a vertex can send on and send back). So the
/// capacities of one layer may sum to half of what the integer holds, less than 2^62 for 64 bits. Only the sums of
/// cuts run over several layers: add_capacities() keeps those that are too large out of the way.
///
/// LayeredNetwork, Quantiser, FlowProblem and its file format refuse what is beyond, in their own words. With 40
/// fractional bits the limit is far away: a layer of 4,096 tokens whose rows sum to 1 sums to 2^52.

#include <cstdint>
#include <limits>

namespace attnflow {

template <class C>
inline constexpr C largest_layer_sum = std::numeric_limits<C>::max() / 2;

/// Larger than any capacity of a cut that can bind.
inline constexpr std::int64_t unbounded = std::numeric_limits<std::int64_t>::max();

/// a + b, for capacities of cuts (>= 0): `unbounded` where 64 bits are too few, or where one of them is that.
inline std::int64_t add_capacities(std::int64_t a, std::int64_t b) {
    return a > unbounded - b ? unbounded : a + b;
}

}  // namespace attnflow
