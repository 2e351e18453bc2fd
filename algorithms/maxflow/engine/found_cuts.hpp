#pragma once
/// Minimum cuts that waves have found for a sink, as bounds and as guides for its other sources.
///
/// Below the layer under the source such a cut stays as it is; in that layer every vertex takes the side that is
/// cheaper for the other source, as in a crossing cut.

#include "algorithms/maxflow/engine/closed_cuts.hpp"
#include "algorithms/maxflow/engine/kernels.hpp"

namespace attnflow::engine {

/// One of them.
template <class T>
struct FoundCut {
    std::int64_t below = 0;  ///< capacity without the edges out of the source and its layer's vertices
    /// What each vertex of the layer under the source can send across the cut.
    std::vector<T, AlignedAllocator<T>> into = {};
    std::vector<std::vector<std::size_t>> beyond = {};  ///< by layer, up to top - 2: on the sink's side
};

template <class T>
class FoundCuts {
public:
    /// Of flows from layer `top` > 2. Keeps a reference.
    FoundCuts(const PackedNetwork<T>& network, std::size_t top) : network_(network), top_(top) {}

    /// The minimum cut of a flow of `value` from a source; beyond(l, x) says which vertices, from layer `lowest`
    /// up, lie on the sink's side.  O(n^2).
    template <class Beyond>
    void add(std::size_t source, std::int64_t value, std::size_t lowest, const Beyond& beyond) {
        if (cuts_.size() == most) cuts_.erase(cuts_.begin());
        const Panel<T>& row = network_.down(top_);
        FoundCut<T> cut;
        cut.into.assign(row.stride(), T(0));
        cut.beyond.resize(top_ - 1);
        for (std::size_t l = lowest; l + 1 < top_; ++l) {
            for (std::size_t x = 0; x < network_.width(l); ++x) {
                if (beyond(l, x)) cut.beyond[l].push_back(x);
            }
        }
        for (const std::size_t y : cut.beyond[top_ - 2]) {
            const T* const column = network_.up(top_ - 1).row(y);
            for (std::size_t x = 0; x < row.columns(); ++x) cut.into[x] += column[x];
        }
        cut.below = value - min_sum(row.row(source), cut.into.data(), row.stride());
        cuts_.push_back(std::move(cut));
    }

    /// The smallest of them for another source where it is below `bound`, which becomes its capacity; else none.
    /// O(n) a cut.
    const FoundCut<T>* lower(std::size_t source, Bound& bound) const {
        const FoundCut<T>* smallest = nullptr;
        for (const FoundCut<T>& cut : cuts_) {
            const Panel<T>& row = network_.down(top_);
            const std::int64_t value = cut.below + min_sum(row.row(source), cut.into.data(), row.stride());
            if (value >= bound.value) continue;
            bound = {value, {}};
            smallest = &cut;
        }
        return smallest;
    }

private:
    static constexpr std::size_t most = 8;
    const PackedNetwork<T>& network_;
    std::size_t top_;
    std::vector<FoundCut<T>> cuts_;
};

}  // namespace attnflow::engine
