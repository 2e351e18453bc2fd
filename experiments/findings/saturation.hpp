#pragma once
/// Saturation: how much of a flow is nothing but a trivial cut.
///
/// From a few layers on the max flow from s to t is usually the out-capacity of s or the
/// in-capacity of t in layer 1, and says nothing of the layers between (graph/binding_cut.hpp).
/// Three symptoms, by grid point: the share of (source, token) pairs by binding cut; ties, because
/// without a causal mask the out-capacity of s is the same for every token; and how far the ranking
/// of the tokens is that of the flow's two bounds, column_sum and rollout, at the same axis values.
/// A flow that ranks as its bounds do is best replaced by them.
///
/// Only tokens that the point's `positions` keep are counted.

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "algorithms/attribution_method.hpp"

namespace attnflow {

class RunStore;

/// Spearman's correlation of rows of scores with another method's: summed over sources and
/// examples. Rows for which it is undefined (a side is constant) are left out.
struct RankAgreement {
    double sum = 0.0;
    std::size_t rows = 0;
    std::optional<double> mean() const;
};

struct Saturation {
    std::size_t point = 0;                              ///< of the grid
    std::size_t pairs = 0;                              ///< (source, token), over all examples
    std::size_t by_cut[std::size(all_cut_kinds)] = {};  ///< of the pairs
    std::size_t tied = 0;  ///< pairs whose flow another token has too, for the same source
    RankAgreement column_sum = {};
    RankAgreement rollout = {};

    double share(CutKind kind) const;
    double share_tied() const;
    void add(const Saturation& other);
};

/// Of one attribution with binding cuts. `column_sum` (one row) and `rollout` (as many rows as
/// `flow`) are the scores of its bounds, nullptr where they are not known; `kept` are the positions
/// of the tokens that count.  O(S n log n) for S sources.
Saturation measure_saturation(const Attribution& flow, const RowMajor<double>* column_sum,
                              const RowMajor<double>* rollout, std::span<const std::size_t> kept);

/// Of every grid point of a stored run whose method is bounded by column_sum and rollout and names
/// its cuts, in the order of the grid. The same for every `jobs` (threads).
std::vector<Saturation> saturation_of(RunStore& store, std::size_t jobs);

}  // namespace attnflow
