#include "experiments/metrics/ranks.hpp"

#include <algorithm>
#include <numeric>

namespace attnflow {
namespace {

// Calls visit(indices of a group of ties, how many values are smaller) in ascending order.
template <class Visit>
void for_each_tie(std::span<const double> values, Visit visit) {
    std::vector<std::size_t> order(values.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
    for (std::size_t begin = 0; begin < order.size();) {
        std::size_t end = begin + 1;
        while (end < order.size() && values[order[end]] == values[order[begin]]) ++end;
        visit(std::span<const std::size_t>(order).subspan(begin, end - begin), begin);
        begin = end;
    }
}

}  // namespace

std::vector<double> average_ranks(std::span<const double> values) {
    std::vector<double> ranks(values.size());
    for_each_tie(values, [&](std::span<const std::size_t> ties, std::size_t smaller) {
        const double rank = static_cast<double>(smaller) + (static_cast<double>(ties.size()) + 1.0) / 2.0;
        for (const std::size_t i : ties) ranks[i] = rank;
    });
    return ranks;
}

std::vector<double> dense_ranks(std::span<const double> values) {
    std::vector<double> ranks(values.size());
    double rank = 0.0;
    for_each_tie(values, [&](std::span<const std::size_t> ties, std::size_t) {
        rank += 1.0;
        for (const std::size_t i : ties) ranks[i] = rank;
    });
    return ranks;
}

}  // namespace attnflow
