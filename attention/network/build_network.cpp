#include "attention/network/build_network.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "attention/network/heads/head_aggregator.hpp"
#include "attention/network/pruning/edge_pruner.hpp"

namespace attnflow {
namespace {

// One layer on its way through the stages.
struct Layer {
    std::size_t number;  // from 1
    std::span<double> weights;
    std::size_t queries;
    std::size_t keys;

    bool square() const { return queries == keys; }
    std::span<double> row(std::size_t i) const { return weights.subspan(i * keys, keys); }
};

double sum_of(std::span<const double> values) { return std::accumulate(values.begin(), values.end(), 0.0); }

void scale(std::span<double> values, double factor) {
    for (double& value : values) value *= factor;
}

void make_rows_sum_to_one(const Layer& layer) {
    for (std::size_t i = 0; i < layer.queries; ++i) {
        const double sum = sum_of(layer.row(i));
        if (!(sum > 0.0)) continue;
        for (double& weight : layer.row(i)) weight /= sum;
    }
}

// Before pruners see them, because NaN has no place in an order.
void check_weights(const Layer& layer) {
    for (std::size_t k = 0; k < layer.weights.size(); ++k) {
        const double weight = layer.weights[k];
        if (weight >= 0.0 && std::isfinite(weight)) continue;
        throw InputError(
            fmt::format("attention: layer {}, row {}, column {}: weight {}, expected a finite number >= 0",
                        layer.number, k / layer.keys, k % layer.keys, weight));
    }
}

void prune(const Layer& layer, PrunerFamily::Interface& pruner, PruningLoss& loss) {
    const auto edges = [&] {
        return std::count_if(layer.weights.begin(), layer.weights.end(), [](double w) { return w > 0.0; });
    };
    const auto empty_rows = [&] {
        std::size_t count = 0;
        for (std::size_t i = 0; i < layer.queries; ++i) {
            const auto row = layer.row(i);
            count += std::all_of(row.begin(), row.end(), [](double w) { return w == 0.0; }) ? 1 : 0;
        }
        return count;
    };
    const double before = sum_of(layer.weights);
    const auto edges_before = edges();
    const std::size_t empty_before = empty_rows();
    pruner.prune(layer.weights, layer.keys);
    loss.emptied_rows += empty_rows() - empty_before;
    loss.total += before;
    loss.edges += static_cast<std::size_t>(edges_before - edges());
    loss.dropped += before - sum_of(layer.weights);
}

void empty_columns(const Layer& layer, const std::vector<std::size_t>& keys) {
    for (std::size_t i = 0; i < layer.queries; ++i) {
        for (const std::size_t key : keys) layer.row(i)[key] = 0.0;
    }
}

void check_causal(const Layer& layer) {
    const auto refuse = [&](const std::string& what) {
        throw InputError(fmt::format(
            "receptive_field: layer {} {}, expected causal attention (none for other kinds)", layer.number, what));
    };
    if (!layer.square()) refuse(fmt::format("has {} queries and {} keys", layer.queries, layer.keys));
    for (std::size_t i = 0; i < layer.queries; ++i) {
        for (std::size_t j = i + 1; j < layer.keys; ++j) {
            if (layer.row(i)[j] != 0.0) refuse(fmt::format("attends from position {} to the later {}", i, j));
        }
    }
}

void divide_by_column_count(const Layer& layer) {
    for (std::size_t i = 0; i < layer.queries; ++i) {
        for (std::size_t j = 0; j < layer.keys; ++j) layer.row(i)[j] /= static_cast<double>(layer.queries - j);
    }
}

void multiply_by_row_count(const Layer& layer) {
    const double before = sum_of(layer.weights);
    for (std::size_t i = 0; i < layer.queries; ++i) scale(layer.row(i), static_cast<double>(i + 1));
    const double after = sum_of(layer.weights);
    if (after > 0.0) scale(layer.weights, before / after);
}

void mix_in_skip(const Layer& layer, double skip) {
    if (!layer.square() || skip == 0.0) return;
    scale(layer.weights, 1.0 - skip);
    for (std::size_t i = 0; i < layer.queries; ++i) layer.row(i)[i] += skip;
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
    return heads;
}

void check_skip_weights(const AttentionStack& attention, const NetworkOptions& options) {
    std::vector<double> weights = options.layer_skip_weights;
    if (!weights.empty() && weights.size() != attention.layers()) {
        throw ParameterError(fmt::format("skip_weight: {} weights for the layers, expected {}, one for each",
                                         weights.size(), attention.layers()));
    }
    if (weights.empty()) weights = {options.skip_weight};
    for (const double weight : weights) {
        if (!(weight >= 0.0 && weight <= 1.0)) {
            throw ParameterError(fmt::format("skip_weight is {}, expected a number in [0, 1]", weight));
        }
    }
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
    edge_pruners().make(options.pruning, "pruning");
    check_skip_weights(attention, options);
}

LayeredNetwork<double> build_network(const AttentionStack& attention, const NetworkOptions& options,
                                     PruningLoss* loss) {
    check_skip_weights(attention, options);
    const auto heads = checked_heads(attention, options);
    const auto pruner = edge_pruners().make(options.pruning, "pruning");
    const std::size_t source_layer = options.source_layer == 0 ? attention.layers() : options.source_layer;
    const auto widths = widths_of(attention);
    std::vector<double> capacities(LayeredNetwork<double>::slots_for(widths));
    PruningLoss lost;
    std::size_t first = 0;
    for (std::size_t l = 0; l < attention.layers(); ++l) {
        const std::size_t slots = attention.queries(l) * attention.keys(l);
        const Layer layer{l + 1, std::span(capacities).subspan(first, slots), attention.queries(l),
                          attention.keys(l)};
        first += slots;
        if (layer.number == source_layer) {
            heads->fuse_source_layer(attention, l, layer.weights);
        } else {
            heads->fuse(attention, l, layer.weights);
        }
        check_weights(layer);
        prune(layer, *pruner, lost);
        if (layer.keys == attention.tokens()) empty_columns(layer, options.dropped_keys);
        if (options.receptive_field != ReceptiveField::none) check_causal(layer);
        if (options.receptive_field == ReceptiveField::column_count) divide_by_column_count(layer);
        if (options.renormalise == Renormalise::after_heads) make_rows_sum_to_one(layer);
        if (options.receptive_field == ReceptiveField::row_count) multiply_by_row_count(layer);
        mix_in_skip(layer,
                    options.layer_skip_weights.empty() ? options.skip_weight : options.layer_skip_weights[l]);
        if (options.renormalise == Renormalise::after_skip) make_rows_sum_to_one(layer);
    }
    if (loss != nullptr) *loss = lost;
    return {widths, std::move(capacities)};
}

AttentionStack uniform_causal_attention(std::size_t layers, std::size_t n) {
    std::vector<double> weights(layers * n * n, 0.0);
    for (std::size_t row = 0; row < layers * n; ++row) {
        const std::size_t seen = row % n + 1;
        std::fill_n(weights.begin() + static_cast<std::ptrdiff_t>(row * n), seen, 1.0 / static_cast<double>(seen));
    }
    return AttentionStack::from_values(layers, 1, n, std::move(weights));
}

}  // namespace attnflow
