#include "experiments/findings/saturation_words.hpp"

#include <map>

#include <fmt/format.h>

namespace attnflow {
namespace {

struct LayerShares {
    std::size_t pairs = 0;
    std::size_t source_row = 0;
    std::size_t sink_column = 0;

    double share(std::size_t count) const { return static_cast<double>(count) / static_cast<double>(pairs); }
    double trivial() const { return share(source_row + sink_column); }
};

std::map<std::int64_t, LayerShares> shares_by_layer(const RunResult& result) {
    std::map<std::int64_t, LayerShares> layers;
    for (const CutCounts& counts : result.cuts) {
        const auto layer = result.grid[counts.point].layer();
        if (!layer) continue;
        LayerShares& shares = layers[*layer];
        for (const std::size_t pairs : counts.pairs) shares.pairs += pairs;
        shares.source_row += counts.pairs[static_cast<std::size_t>(CutKind::source_row)];
        shares.sink_column += counts.pairs[static_cast<std::size_t>(CutKind::sink_column)];
    }
    std::erase_if(layers, [](const auto& entry) { return entry.second.pairs == 0; });
    return layers;
}

}  // namespace

std::optional<SaturationWords> saturation_words(const RunResult& result) {
    const auto layers = shares_by_layer(result);
    if (layers.empty() || layers.rbegin()->first < 2) return std::nullopt;
    const auto percent = [](double share) { return fmt::format("{:.0f} %", 100.0 * share); };
    const auto& [top, shares] = *layers.rbegin();
    const std::string split =
        fmt::format("{} by what leaves the source and {} by what enters the token in layer 1",
                    percent(shares.share(shares.source_row)), percent(shares.share(shares.sink_column)));
    if (shares.trivial() < saturated_share) {
        return SaturationWords{
            false, "Flow is not saturated in the top layer",
            fmt::format("Of the flows from layer {}, {} are limited by a trivial cut: {}. For the "
                        "others the layers in between count.",
                        top, percent(shares.trivial()), split)};
    }
    std::int64_t first = top;
    for (auto layer = layers.rbegin(); layer != layers.rend() && layer->second.trivial() >= saturated_share;
         ++layer)
        first = layer->first;
    const std::string where =
        first == top ? fmt::format("in layer {}", top) : fmt::format("from layer {} on", first);
    return SaturationWords{
        true, "Flow is saturated " + where,
        fmt::format(
            "Of the flows from layer {}, {} are limited by a trivial cut: {}. Such a flow does not depend on "
            "the layers in between and ranks tokens much as column_sum does: do not read a path into it.",
            top, percent(shares.trivial()), split)};
}

}  // namespace attnflow
