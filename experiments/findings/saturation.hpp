#pragma once
/// Saturation: how much of a flow is nothing but a trivial cut. Measured and put into words here only.
///
/// From a few layers on the max flow from s to t is usually the out-capacity of s or the
/// in-capacity of t in layer 1, and says nothing of the layers between (graph/binding_cut.hpp).
/// Three symptoms, by grid point: the share of (source, token) pairs by binding cut; ties, because
/// without a causal mask the out-capacity of s is the same for every token; and how far the ranking
/// of the tokens is that of the methods which the flow declares to be compared with (its bounds), at the same axis
/// values. A flow that ranks as its bounds do is best replaced by them.
///
/// Only tokens that the point compares (its `positions`) are counted.

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "algorithms/attribution_method.hpp"
#include "experiments/study/grid_point.hpp"

namespace attnflow {

class RunStore;

/// Spearman's correlation of rows of scores with another method's: summed over sources and
/// examples. Rows for which it is undefined (a side is constant) are left out.
struct RankAgreement {
    std::string method;
    double sum = 0.0;
    std::size_t rows = 0;
    std::optional<double> mean() const;
};

struct Saturation {
    std::size_t point = 0;                              ///< of the grid
    std::size_t pairs = 0;                              ///< (source, token), over all examples
    std::size_t by_cut[std::size(all_cut_kinds)] = {};  ///< of the pairs
    std::size_t tied = 0;                   ///< pairs whose flow another token has too, for the same source
    std::vector<RankAgreement> ranks = {};  ///< one a method it is compared with, where that was run

    double share(CutKind kind) const;
    /// Of the cuts that say nothing of the layers in between (CutShape::is_trivial).
    double share_trivial() const;
    double share_tied() const;
    /// Nothing where it is not compared with `method`, or undefined.
    std::optional<double> agreement(const std::string& method) const;
    void add(const Saturation& other);
};

/// What a flow is compared with: one row of scores for all sources, or one for each.
struct Bound {
    std::string method;
    const RowMajor<double>* scores;
};

/// Of one attribution with binding cuts; `kept` are the positions of the tokens that count.
/// O(S n log n) for S sources and each bound.
Saturation measure_saturation(const Attribution& flow, std::span<const Bound> bounds,
                              std::span<const std::size_t> kept);

/// Of every grid point of a stored run whose method names its cuts, in the order of the grid. The same for every
/// `jobs` (threads).
std::vector<Saturation> saturation_of(RunStore& store, std::size_t jobs);

/// The methods that methods of this build are compared with, each once: the columns of ranks.
std::vector<std::string> methods_compared_with();

/// Share of trivial cuts from which a layer counts as saturated.
inline constexpr double saturated_share = 0.95;

/// What saturation means for the flows of one setting, or of all, by layer of the source.
struct SaturationFinding {
    /// Method and axes, without the layer and what is compared; nothing in it for all settings.
    GridPoint setting;
    std::size_t top = 0;         ///< the highest layer with flows
    double share_trivial = 0.0;  ///< there
    bool is_saturated = false;   ///< in that layer
    std::size_t first = 0;       ///< from this layer on, if so
    std::string title;           ///< "Flow is saturated from layer 4 on"
    std::string text;            ///< what that means, with the shares
};

/// One a setting with flows from layer 2 or above (from layer 1 a flow is one edge), in the order of the grid.
/// Of points that differ only in what is compared, the first counts.
std::vector<SaturationFinding> saturation_findings(const std::vector<Saturation>& saturation,
                                                   const std::vector<GridPoint>& grid);
/// All settings taken together; nothing without such flows.
std::optional<SaturationFinding> saturation_finding(const std::vector<Saturation>& saturation,
                                                    const std::vector<GridPoint>& grid);

}  // namespace attnflow
