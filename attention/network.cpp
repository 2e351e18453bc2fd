#include "attention/network.hpp"

#include <numeric>

#include "attention/heads/head_aggregator.hpp"

namespace attnflow {
namespace {

void normalise(std::span<double> row) {
    const double sum = std::accumulate(row.begin(), row.end(), 0.0);
    if (!(sum > 0.0)) return;
    for (double& weight : row) weight /= sum;
}

}  // namespace

LayeredNetwork<double> build_network(const AttentionStack& attention, const NetworkOptions& options) {
    const double skip = options.skip_weight;
    if (!(skip >= 0.0 && skip <= 1.0)) {
        throw ParameterError(fmt::format("skip_weight is {}, expected a number in [0, 1]", skip));
    }
    const auto heads = head_strategies().at(options.heads).make();
    const std::size_t n = attention.tokens();
    std::vector<double> capacities(attention.layers() * n * n);
    for (std::size_t l = 0; l < attention.layers(); ++l) {
        const std::span<double> layer(capacities.data() + l * n * n, n * n);
        heads->fuse(attention, l, layer);
        for (std::size_t i = 0; i < n; ++i) {
            const auto row = layer.subspan(i * n, n);
            if (options.renormalise == Renormalise::after_heads) normalise(row);
            for (double& weight : row) weight *= 1.0 - skip;
            row[i] += skip;
            if (options.renormalise == Renormalise::after_skip) normalise(row);
        }
    }
    return {std::vector<std::size_t>(attention.layers() + 1, n), std::move(capacities)};
}

}  // namespace attnflow
