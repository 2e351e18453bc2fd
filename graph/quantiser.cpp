#include "graph/quantiser.hpp"

#include <cmath>
#include <numeric>

namespace attnflow {
namespace {

// The largest number of edges that lead from one side to the other of any vertex
// bipartition. Layer l can contribute width(l) * width(l-1) edges, but only with all of
// layer l on one side and all of layer l-1 on the other, so no two neighbours contribute
// fully: the sum is multilinear in the shares of each layer and has its maximum at a
// 0/1 choice, that is at the best set of layers without neighbours.
double largest_cut_edges(const LayeredNetwork<double>& network) {
    double taken = 0.0;
    double skipped = 0.0;
    for (std::size_t l = 1; l <= network.layers(); ++l) {
        const double edges = static_cast<double>(network.layer(l).size());
        const double take = skipped + edges;
        skipped = std::max(skipped, taken);
        taken = take;
    }
    return std::max(taken, skipped);
}

void check_range(const LayeredNetwork<double>& network, int bits) {
    constexpr int limit_bits = 62;
    static_assert(largest_layer_sum<std::int64_t> == (std::int64_t{1} << limit_bits) - 1);
    for (std::size_t l = 1; l <= network.layers(); ++l) {
        const auto layer = network.layer(l);
        const double total = std::accumulate(layer.begin(), layer.end(), 0.0);
        if (total < std::ldexp(1.0, limit_bits - bits)) continue;
        const int fitting = limit_bits - 1 - std::ilogb(total);
        throw InputError(fmt::format(
            "quantiser: the capacities of layer {} sum to {:.6g}, too much for {} fractional bits in 64-bit "
            "integers; {}",
            l, total, bits,
            fitting >= Quantiser::min_bits ? fmt::format("use at most {} bits", fitting)
                                           : std::string("scale the weights down")));
    }
}

}  // namespace

double FixedPoint::unit() const { return std::ldexp(1.0, -bits); }

Quantiser::Quantiser(int bits) : bits_(bits) {
    if (bits < min_bits || bits > max_bits) {
        throw ParameterError(fmt::format("quantiser: {} bits, expected {} to {}", bits, min_bits, max_bits));
    }
}

QuantisedNetwork Quantiser::operator()(const LayeredNetwork<double>& network) const {
    check_range(network, bits_);
    const double scale = std::ldexp(1.0, bits_);
    std::vector<std::int64_t> capacities(network.slots());
    std::size_t rounded_to_zero = 0;
    std::vector<double> remainders;
    std::vector<std::size_t> order;
    for (std::size_t l = 1; l <= network.layers(); ++l) {
        for (std::size_t i = 0; i < network.width(l); ++i) {
            const auto row = network.row(l, i);
            std::int64_t* const out = capacities.data() + network.slot(l, i, 0);
            remainders.assign(row.size(), 0.0);
            double total_remainder = 0.0;
            for (std::size_t j = 0; j < row.size(); ++j) {
                const double scaled = row[j] * scale;  // exact: a power of two
                const double whole = std::floor(scaled);
                out[j] = static_cast<std::int64_t>(whole);
                remainders[j] = scaled - whole;
                total_remainder += remainders[j];
            }
            // At most as many units as there are positive remainders, since each is below 1.
            const auto units = static_cast<std::size_t>(std::llround(total_remainder));
            if (units > 0) {
                order.resize(row.size());
                std::iota(order.begin(), order.end(), std::size_t{0});
                const auto larger = [&](std::size_t a, std::size_t b) {
                    return remainders[a] != remainders[b] ? remainders[a] > remainders[b] : a < b;
                };
                const std::size_t given = std::min(units, order.size());
                std::nth_element(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(given - 1),
                                 order.end(), larger);
                for (std::size_t k = 0; k < given; ++k) {
                    if (remainders[order[k]] > 0.0) ++out[order[k]];
                }
            }
            for (std::size_t j = 0; j < row.size(); ++j) {
                rounded_to_zero += row[j] > 0.0 && out[j] == 0 ? 1 : 0;
            }
        }
    }
    const auto widths = network.widths();
    const double error_bound = largest_cut_edges(network) / scale;
    return {FixedNetwork({widths.begin(), widths.end()}, std::move(capacities)),
            {bits_, error_bound, rounded_to_zero}};
}

}  // namespace attnflow
