#include "attention/network/heads/head_aggregator.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace attnflow {

void forget(std::span<double> weights) {
    std::fill(weights.begin(), weights.end(), std::numeric_limits<double>::quiet_NaN());
}

void check_fused(const std::string& strategy, const AttentionStack& attention, std::size_t layer,
                 std::span<const double> fused) {
    const auto is_wrong = [](double weight) { return !(weight >= 0.0) || std::isinf(weight); };
    const auto wrong = std::find_if(fused.begin(), fused.end(), is_wrong);
    if (wrong == fused.end()) return;
    bool inherited = false;
    std::vector<double> head;
    for_each_head(attention, layer, head, [&](std::size_t, std::span<const double> weights) {
        inherited = inherited || std::any_of(weights.begin(), weights.end(), is_wrong);
    });
    if (inherited) return;
    const auto k = static_cast<std::size_t>(wrong - fused.begin());
    const std::size_t keys = attention.keys(layer);
    throw InternalError(fmt::format(
        "head strategy '{}': layer {}, query {}, key {}: the weight is {}, expected a finite number >= 0{}",
        strategy, layer + 1, k / keys, k % keys, *wrong,
        std::isnan(*wrong) ? " (nan also where none was written)" : ""));
}

double check_combined(const std::string& strategy, double score) {
    if (std::isfinite(score)) return score;
    throw InternalError(
        fmt::format("head strategy '{}': scores are combined to {}, expected a finite number", strategy, score));
}

std::vector<std::string> HeadFamily::promises() {
    using namespace head_promise;
    return {rows_sum_to_one, between_heads, monotone, homogeneous, order_free, equivariant};
}

}  // namespace attnflow
