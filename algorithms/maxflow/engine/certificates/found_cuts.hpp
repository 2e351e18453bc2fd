#pragma once
/// Minimum cuts that waves have found for a sink, as bounds and as guides for its other sources.
///
/// Below the layer under the source such a cut stays as it is; in that layer every vertex takes the side that is
/// cheaper for the other source, as in a crossing cut.

#include "algorithms/maxflow/engine/certificates/closed_cuts.hpp"

namespace attnflow::engine {

/// One of them.
struct FoundCut {
    Amount below = 0;  ///< capacity without the edges out of the source and its layer's vertices
    /// What each vertex of the layer under the source can send across the cut. Padded.
    Row<Amount> into = {};
    std::vector<std::vector<std::size_t>> beyond = {};  ///< by layer, 1 to top - 2: on the sink's side
};

class FoundCuts {
public:
    /// Of flows from layer `top` > 2 to a sink. Keeps a reference.
    FoundCuts(const PackedNetwork& network, std::size_t top, std::size_t sink)
        : network_(network), top_(top), sink_(sink) {}

    /// The minimum cut of a flow of `value` from a source; beyond(l, x) says which vertices of the layers 1 to
    /// top - 2 lie on the sink's side: all that do.  O(n^2).
    template <class Beyond>
    void add(std::size_t source, Amount value, const Beyond& beyond) {
        FoundCut cut;
        cut.beyond.resize(top_ - 1);
        for (std::size_t l = 1; l + 1 < top_; ++l) {
            for (std::size_t x = 0; x < network_.width(l); ++x) {
                if (beyond(l, x)) cut.beyond[l].push_back(x);
            }
        }
        keep(std::move(cut), source, value);
    }

    /// The smallest of them for another source where it is below `bound`, which becomes its capacity; else none.
    /// Stands until the next add().  O(n) a cut.
    const FoundCut* lower(std::size_t source, Bound& bound) const;

private:
    static constexpr std::size_t most = 8;
    void keep(FoundCut&& cut, std::size_t source, Amount value);
    void check(const FoundCut& cut, std::size_t source, Amount value) const;

    const PackedNetwork& network_;
    std::size_t top_;
    std::size_t sink_;
    std::vector<FoundCut> cuts_;
};

}  // namespace attnflow::engine
