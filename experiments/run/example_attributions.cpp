#include "experiments/run/example_attributions.hpp"

#include <algorithm>

#include "attention/validate.hpp"

namespace attnflow {
namespace {

// What a network depends on besides the heads.
std::string key_without_heads(GridPoint point) {
    point.values.erase("heads");
    return point.key(AxisStage::network);
}

// Every combination of scores moves by no more than its largest input does, so the largest error bound holds.
Attribution combine(const std::vector<const Attribution*>& parts, const HeadFamily::Interface& heads) {
    Attribution result;
    for (const Attribution* part : parts) {
        if (part->pruned_share) {
            const double share = *part->pruned_share / static_cast<double>(parts.size());
            result.pruned_share = result.pruned_share.value_or(0.0) + share;
        }
        const auto& fixed_point = part->fixed_point;
        if (!fixed_point) continue;
        if (!result.fixed_point) result.fixed_point = FixedPoint{.bits = fixed_point->bits};
        result.fixed_point->error_bound = std::max(result.fixed_point->error_bound, fixed_point->error_bound);
        result.fixed_point->rounded_to_zero += fixed_point->rounded_to_zero;
    }
    result.scores = RowMajor<double>(parts.front()->scores.rows(), parts.front()->scores.columns());
    std::vector<double> scores(parts.size());
    for (std::size_t k = 0; k < result.scores.values().size(); ++k) {
        for (std::size_t p = 0; p < parts.size(); ++p) scores[p] = parts[p]->scores.values()[k];
        result.scores.values()[k] = heads.combine(scores);
    }
    return result;
}

bool has_one_matrix(const AttentionStack& weights) {
    for (std::size_t l = 0; l < weights.layers(); ++l) {
        if (weights.heads(l) > 1) return false;
    }
    return true;
}

}  // namespace

AttributionFamily::Interface& MethodSet::method(const std::string& name) {
    auto& slot = methods_[name];
    if (slot == nullptr) slot = attribution_methods().at(name).make(parameters_[name]);
    return *slot;
}

void refuse_heads_of_one_matrix(const std::string& name, const std::string& heads, const std::string& where) {
    if (heads == to_text(axis_info("heads").fallback)) return;
    throw ParameterError(
        fmt::format("{}: heads {} with edge weights '{}', which have one matrix a layer and no heads, expected "
                    "heads mean (in a "
                    "config, a [[matrix]] of their own)",
                    where, heads, excerpt(name)));
}

Session::Session(const Example& example, MethodSet& methods, const std::vector<std::string>& special_tokens,
                 bool with_paths)
    : example_(example), methods_(methods), with_paths_(with_paths) {
    const auto ordinary = kept_positions("no_special", example.tokens, special_tokens);
    for (std::size_t i = 0; i < example.tokens.size(); ++i) {
        if (!std::binary_search(ordinary.begin(), ordinary.end(), i)) special_positions_.push_back(i);
    }
}

AttentionStack Session::weights(const GridPoint& point) const {
    return weights_by_name(example_, point.has("edge_weights") ? point.text("edge_weights") : "attention");
}

bool Session::has_one_network(const GridPoint& point) const {
    return head_strategies().make(network_options(point).heads, "heads")->passes(weights(point)).empty();
}

const LayeredNetwork<double>& Session::network(const GridPoint& point) {
    NetworkOptions options = network_options(point, special_positions_);
    std::string key = point.key(AxisStage::network);
    if (head_strategies().make(options.heads, "heads")->depends_on_source_layer()) {
        options.source_layer = layer(point);
        key += fmt::format("\n{}", options.source_layer);
    }
    if (!network_ || network_key_ != key) {
        network_.reset();  // before the next one is built: two may not fit
        network_ = build_network(weights(point), options, &loss_);
        network_key_ = std::move(key);
    }
    return *network_;
}

std::vector<std::size_t> Session::sources(const GridPoint& point) const {
    if (!point.has("source")) return {0};
    const std::size_t n = example_.attention.queries(layer(point) - 1);
    // Positions of a narrower layer are not those of the tokens.
    const auto masked = n == example_.tokens.size() ? example_.masked : std::nullopt;
    return resolve_sources(point.values.at("source"), n, masked, example_.id);
}

std::size_t Session::layer(const GridPoint& point) const {
    const std::size_t layers = example_.attention.layers();
    if (!point.has("layer")) return layers;
    const auto& value = point.values.at("layer");
    if (value == ParameterValue(std::string("top"))) return layers;
    const auto layer = static_cast<std::size_t>(std::get<std::int64_t>(value));
    if (layer > layers) {
        throw ParameterError(fmt::format("{}: there is no layer {}, the attention has layers 1 to {}",
                                         escape_controls(example_.id), layer, layers));
    }
    return layer;
}

void Session::check(const GridPoint& point) {
    layer(point);
    sources(point);
    const AttentionStack weights = this->weights(point);
    const std::string name = point.text("edge_weights");
    if (point.has("edge_weights") && name != "attention" && checked_weights_.insert(name).second) {
        validate(weights, fmt::format("{}: edge weights '{}'", escape_controls(example_.id), excerpt(name)));
    }
    const bool one_matrix = example_.attention.heads() > 1 && has_one_matrix(weights);
    if (point.has("heads") && name != "attention" && one_matrix)
        refuse_heads_of_one_matrix(name, point.text("heads"), escape_controls(example_.id));
    NetworkOptions options = network_options(point, special_positions_);
    const auto passes = head_strategies().make(options.heads, "heads")->passes(weights);
    if (!passes.empty()) options.heads = passes.front();
    try {
        check_options(weights, options);
    } catch (const ParameterError& error) {
        throw ParameterError(fmt::format("{}: {}", escape_controls(example_.id), error.what()));
    }
}

Attribution Session::attribution(const GridPoint& point) {
    return std::move(attributions(std::span(&point, 1)).front());
}

std::vector<Attribution> Session::attributions(std::span<const GridPoint> points) {
    const auto heads = head_strategies().make(network_options(points.front()).heads, "heads");
    const auto passes = heads->passes(weights(points.front()));
    if (passes.empty()) return with_fused_heads(points);
    if (std::string key = key_without_heads(points.front()); key != passes_key_) {
        passes_.clear();
        passes_key_ = std::move(key);
    }
    std::vector<std::vector<const Attribution*>> parts(points.size());  // by point, one a pass
    for (const std::string& name : passes) {
        const auto of_pass = pass(points, name);
        for (std::size_t i = 0; i < points.size(); ++i) parts[i].push_back(of_pass[i]);
    }
    std::vector<Attribution> results;
    for (const auto& part : parts) results.push_back(combine(part, *heads));
    return results;
}

std::vector<const Attribution*> Session::pass(std::span<const GridPoint> points, const std::string& heads) {
    std::vector<GridPoint> missing;
    std::vector<std::string> keys;
    for (GridPoint point : points) {
        point.values["heads"] = heads;
        keys.push_back(point.key(AxisStage::attribution));
        if (!passes_.contains(keys.back())) missing.push_back(std::move(point));
    }
    if (!missing.empty()) {
        auto made = with_fused_heads(missing);
        for (std::size_t i = 0; i < missing.size(); ++i) {
            passes_.emplace(missing[i].key(AxisStage::attribution), std::move(made[i]));
        }
    }
    std::vector<const Attribution*> found;
    for (const std::string& key : keys) found.push_back(&passes_.at(key));
    return found;
}

std::vector<Attribution> Session::with_fused_heads(std::span<const GridPoint> points) {
    const GridPoint& first = points.front();
    const NetworkOptions options = network_options(first);
    auto& method = methods_.method(first.method);
    std::vector<Attribution> results;
    std::vector<std::size_t> layers;
    bool share_network = !head_strategies().make(options.heads, "heads")->depends_on_source_layer();
    for (const GridPoint& point : points) {
        layers.push_back(layer(point));
        share_network = share_network && sources(point) == sources(first);  // "last" where widths differ
    }
    if (points.size() > 1 && share_network) {
        results = method.attribute_layers({network(first), std::move(layers), sources(first)});
        if (options.pruning != "none") {
            for (Attribution& result : results) result.pruned_share = loss_.share();
        }
    } else {
        for (const GridPoint& point : points) {
            results.push_back(method.attribute({network(point), layer(point), sources(point), with_paths_}));
            if (options.pruning != "none") results.back().pruned_share = loss_.share();
        }
    }
    if (options.receptive_field == ReceptiveField::minus_uniform) {
        for (std::size_t i = 0; i < points.size(); ++i) subtract_uniform(points[i], results[i]);
    }
    return results;
}

void Session::subtract_uniform(const GridPoint& point, Attribution& attribution) {
    NetworkOptions options = network_options(point, special_positions_);
    options.heads = "mean";
    options.pruning = "none";
    const auto uniform =
        build_network(uniform_causal_attention(example_.attention.layers(), example_.attention.tokens()), options);
    const auto scores = methods_.method(point.method).attribute({uniform, layer(point), sources(point)}).scores;
    for (std::size_t k = 0; k < scores.values().size(); ++k) {
        attribution.scores.values()[k] -= scores.values()[k];
    }
}

}  // namespace attnflow
