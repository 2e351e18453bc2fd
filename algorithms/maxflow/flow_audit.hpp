#pragma once
/// Samples of the engine's answers, solved once more and proven from outside.
///
/// The engine proves each value by its own arithmetic. An audit does not believe it: for some pairs it asks
/// Dinic's method, which shares no line with the engine, has graph/certificate.hpp prove that flow, and compares
/// values and binding cuts. N samples that are any pair of their answer miss a fault with a probability of (1 -
/// p)^N, p the mean over the answers of the share of pairs that are wrong.

#include "algorithms/maxflow/dinic.hpp"
#include "algorithms/maxflow/flow_matrix.hpp"

namespace attnflow {

class FlowAudit {
public:
    /// Keeps a reference.
    explicit FlowAudit(const FixedNetwork& network) : network_(network) {}

    /// Row s and column t of the engine's answer. Throws InternalError, naming network, pair and both values or
    /// cuts, where they differ or the other flow fails its certificate.  One max flow, and O(slots).
    void check(const FlowMatrix& flows, std::size_t s, std::size_t t);

    /// check() for one pair, drawn by `seed`, or none: of small networks most answers are looked at, of large ones
    /// every eighth, so that a run spends at most a few percent of its time on it. Half the pairs are drawn from
    /// all, half from those that were settled by more than the sweeps of their ends, if there are any. What is
    /// drawn depends on seed and answer alone. Returns how many it were.  O(pairs), and what check() takes.
    std::size_t sample(const FlowMatrix& flows, std::uint64_t seed);

    /// Pairs looked at.
    std::size_t pairs() const { return pairs_; }

private:
    [[noreturn]] void fail(const FlowMatrix& flows, std::size_t s, std::size_t t, const std::string& what) const;

    const FixedNetwork& network_;
    Dinic dinic_;
    ResidualState<std::int64_t> state_;
    std::size_t pairs_ = 0;
};

/// What tells a network from others in a message: a hash of its widths and capacities.  O(slots).
std::uint64_t fingerprint(const FixedNetwork& network);

}  // namespace attnflow
