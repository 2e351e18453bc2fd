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

std::unique_ptr<HeadFamily::Interface> checked_heads(const AttentionStack& attention,
                                                     const NetworkOptions& options) {
    auto heads = head_strategies().make(options.heads, "heads");
    heads->check(attention);
    if (!heads->passes(attention).empty()) {
        throw ParameterError(
            fmt::format("heads: {} combines the scores of several networks, expected a strategy "
                        "that makes one",
                        options.heads));
    }
    const double skip = options.skip_weight;
    if (!(skip >= 0.0 && skip <= 1.0)) {
        throw ParameterError(fmt::format("skip_weight is {}, expected a number in [0, 1]", skip));
    }
    return heads;
}

// The widths of the layers of vertices, the input first.
std::vector<std::size_t> widths_of(const AttentionStack& attention) {
    std::vector<std::size_t> widths{attention.tokens()};
    for (std::size_t l = 0; l < attention.layers(); ++l) widths.push_back(attention.queries(l));
    return widths;
}

}  // namespace

void check_options(const AttentionStack& attention, const NetworkOptions& options) {
    checked_heads(attention, options);
}

LayeredNetwork<double> build_network(const AttentionStack& attention, const NetworkOptions& options) {
    const auto heads = checked_heads(attention, options);
    const std::size_t source_layer = options.source_layer == 0 ? attention.layers() : options.source_layer;
    const auto widths = widths_of(attention);
    std::vector<double> capacities(LayeredNetwork<double>::slots_for(widths));
    std::size_t first = 0;
    for (std::size_t l = 0; l < attention.layers(); ++l) {
        const std::size_t keys = attention.keys(l);
        const std::span<double> layer(capacities.data() + first, attention.queries(l) * keys);
        first += layer.size();
        if (l + 1 == source_layer) {
            heads->fuse_source_layer(attention, l, layer);
        } else {
            heads->fuse(attention, l, layer);
        }
        const double skip = attention.queries(l) == keys ? options.skip_weight : 0.0;
        for (std::size_t i = 0; i < attention.queries(l); ++i) {
            const auto row = layer.subspan(i * keys, keys);
            if (options.renormalise == Renormalise::after_heads) normalise(row);
            for (double& weight : row) weight *= 1.0 - skip;
            if (skip > 0.0) row[i] += skip;
            if (options.renormalise == Renormalise::after_skip) normalise(row);
        }
    }
    return {widths, std::move(capacities)};
}

}  // namespace attnflow
