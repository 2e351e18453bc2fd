#pragma once
/// Fixed-point capacities: every solver of a comparison gets the same integers.
///
/// With floating-point capacities, max-flow solvers leave residues near 1e-17 and may not
/// terminate; with integers all of them must agree exactly. A capacity a becomes
/// round(a * 2^b). Rounding is by largest remainder within a row (ties to the smaller
/// column), so that the sum of a row is the rounded sum: rows that sum to 1 sum to exactly
/// 2^b, and equal cuts stay equal, which keeps ties in rankings true. Each capacity moves
/// by less than one unit 2^-b, hence a cut of m edges by less than m units.
///
/// With b = 40 the error bound for 6 layers of 20 tokens is 1.1e-9.

#include "graph/layered_network.hpp"

namespace attnflow {

/// How a flow was computed in fixed point, and how far it can be from real capacities.
struct FixedPoint {
    int bits = 0;
    /// |max flow in fixed point - max flow of the real capacities| is at most this, in the
    /// unit of the weights, for any source and sink: 2^-b times the largest number of edges
    /// that a cut of this network can have.
    double error_bound = 0.0;
    /// Positive weights that became capacity 0. Each is covered by the error bound.
    std::size_t rounded_to_zero = 0;

    double unit() const;  ///< 2^-bits
};

struct QuantisedNetwork {
    FixedNetwork network;
    FixedPoint fixed_point;
};

class Quantiser {
public:
    static constexpr int default_bits = 40;
    static constexpr int min_bits = 8;
    /// Beyond this the unit is as small as the rounding error of a row's sum in double.
    static constexpr int max_bits = 48;

    /// Throws ParameterError for `bits` outside [min_bits, max_bits].
    explicit Quantiser(int bits = default_bits);

    /// Throws InputError, naming layer, its total and the largest b that fits, when a
    /// layer's capacities sum to 2^62 units or more, the limit of graph/capacity.hpp.
    /// O(slots) expected.
    QuantisedNetwork operator()(const LayeredNetwork<double>& network) const;

private:
    int bits_;
};

}  // namespace attnflow
