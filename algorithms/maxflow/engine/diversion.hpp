#pragma once
/// Sweeps that feed the sink's lane at the top.
///
/// Where few layers lie between a source and the lane of a sink, the best flow enters the lane as high up as it
/// can, which sweeps that know one end only do not. *Diversion* mends that for one pair in n^2 multiplications:
/// let f be the flow of a forward sweep from layer top - 1 to layer k = top - 2. Vertex x sends t_x of its mass
/// m_x, at most its capacity, into the lane (k, t) and of everything else a part r_x = (m_x - t_x) / (m_x - f_xt)
/// of what it sent. If what arrives elsewhere is still at least the backward sweep's demand q,
///
///     sum_x r_x f_xy >= q(y)   for all y != t,
///
/// then sum_{y != t} q(y) + min(q(t), sum_x t_x) flows: a flow in real numbers, but of whole value, and
/// a network of whole capacities has a whole flow of that value too. The t_x and what they leave are integers, so
/// that the r_x, quotients of two of them, and the sums of positive terms have relative errors only; covers()
/// has a margin for those.

#include "algorithms/maxflow/engine/sweeps.hpp"

namespace attnflow::engine {

template <class T>
class Diversion {
public:
    /// For sources in layer top > 2. Keeps a reference.
    Diversion(const PackedNetwork<T>& network, std::size_t top);

    std::size_t top() const { return top_; }

    /// Goes on to another source.  O(n^2).
    void enter(std::size_t source);

    /// What is proven to flow to a sink of which a backward sweep demands `demand` at layer top - 2;
    /// -1 where diversion proves nothing.  O(n^2), mostly much less where it proves nothing.
    std::int64_t bound(std::size_t sink, const T* demand);

private:
    void take_part(std::int64_t wanted, std::int64_t room);

    const PackedNetwork<T>& network_;
    std::size_t top_;
    Needs<T> needs_;
    const T* mass_ = nullptr;
    Panel<Real<T>> flow_;
    Panel<T> cells_;
    Panel<T> below_;
    Panel<Real<T>> rows_;
    std::vector<std::int64_t> sent_;   // by vertex of layer top - 1
    std::vector<std::int64_t> more_;   // scratch: what it sends into the lane beside its cell
    std::vector<std::int64_t> spare_;  // scratch of take_part()
};

}  // namespace attnflow::engine
