#include "experiments/metrics/top_k.hpp"

#include <algorithm>
#include <functional>

namespace attnflow {

std::optional<std::vector<double>> top_k_shares(std::span<const double> values, std::size_t k) {
    if (k == 0 || k >= values.size()) return std::nullopt;
    const auto [smallest, largest] = std::minmax_element(values.begin(), values.end());
    if (*smallest == *largest) return std::nullopt;

    std::vector<double> sorted(values.begin(), values.end());
    const auto last_place = sorted.begin() + static_cast<std::ptrdiff_t>(k - 1);
    std::nth_element(sorted.begin(), last_place, sorted.end(), std::greater<>());
    const double line = *last_place;
    const auto above = std::count_if(values.begin(), values.end(), [&](double value) { return value > line; });
    const auto tied = std::count(values.begin(), values.end(), line);
    const double share = (static_cast<double>(k) - static_cast<double>(above)) / static_cast<double>(tied);

    std::vector<double> shares;
    for (const double value : values) shares.push_back(value > line ? 1.0 : value == line ? share : 0.0);
    return shares;
}

}  // namespace attnflow
