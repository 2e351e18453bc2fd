#pragma once
/// Sweeps that feed the sink's chain at the top.
///
/// Where few layers lie between a source and the token chain of a sink, the best flow enters the chain as high up
/// as it can, which sweeps that know one end only do not. *Diversion* mends that for one pair in n^2
/// multiplications: let f be the flow of a downward sweep from layer top - 1 to layer k = top - 2. Of the amount
/// w_x that vertex x sends it now sends t_x, at most its capacity, into the chain's (k, t) and of everything else
/// a part r_x = (w_x - t_x) / (w_x - f_xt) of what it sent. If what arrives elsewhere is still at least the upward
/// sweep's demand q,
///
///     sum_x r_x f_xy >= q(y)   for all y != t,
///
/// then sum_{y != t} q(y) + min(q(t), sum_x t_x) flows: a flow in real numbers, but of whole value, and
/// a network of whole capacities has a whole flow of that value too. The t_x and what they leave are integers, so
/// that the r_x, quotients of two of them, and the sums of positive terms have relative errors only; covers()
/// has a margin for those.

#include "algorithms/maxflow/engine/certificates/sweeps.hpp"

namespace attnflow::engine {

class DivertedFlow {
public:
    /// For sources in layer top > 2. Keeps a reference.
    DivertedFlow(const PackedNetwork& network, std::size_t top);

    std::size_t top() const { return top_; }

    /// Goes on to another source.  O(n^2).
    void enter(std::size_t source);

    /// What is proven to flow to a sink of which an upward sweep demands `demand` at layer top - 2;
    /// -1 where diversion proves nothing.  O(n^2), mostly much less where it proves nothing.
    Amount bound(std::size_t sink, const Amount* demand);

private:
    void take_part(Amount wanted, Amount room);

    const PackedNetwork& network_;
    std::size_t top_;
    Demand demand_;
    const Amount* mass_ = nullptr;
    Panel<Amount> cells_;        // of the sweep
    Panel<double> flow_;         // likewise
    Row<Amount> below_;          // scratch
    Row<double> multiplier_;     // scratch
    Row<double> part_;           // scratch: r_x
    std::vector<Amount> sent_;   // by vertex of layer top - 1
    std::vector<Amount> more_;   // scratch: what it sends into the chain beside its cell
    std::vector<Amount> spare_;  // scratch of take_part()
};

}  // namespace attnflow::engine
