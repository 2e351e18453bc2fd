#pragma once
/// Saturation of flow in words: from which layer on flows say no more than a column sum.

#include <optional>
#include <string>

#include "experiments/run/runner.hpp"

namespace attnflow {

struct SaturationWords {
    bool is_saturated = false;
    std::string title;  ///< "Flow is saturated from layer 4 on"
    std::string text;   ///< what that means, with the shares
};

/// Share of trivial cuts (source_row and sink_column) from which a layer counts as saturated.
inline constexpr double saturated_share = 0.95;

/// Over all grid points with flows, pooled by layer of the source. Nothing for a run without
/// flows or with sources in layer 1 only, where a flow is one edge.
std::optional<SaturationWords> saturation_words(const RunResult& result);

}  // namespace attnflow
