#include "experiments/session.hpp"

#include <algorithm>

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

}  // namespace

AttributionFamily::Interface& MethodSet::method(const std::string& name) {
    auto& slot = methods_[name];
    if (slot == nullptr) slot = attribution_methods().at(name).make(parameters_[name]);
    return *slot;
}

const LayeredNetwork<double>& Session::network(const GridPoint& point) {
    NetworkOptions options = network_options(point);
    std::string key = point.key(AxisStage::network);
    if (head_strategies().make(options.heads, "heads")->depends_on_source_layer()) {
        options.source_layer = layer(point);
        key += fmt::format("\n{}", options.source_layer);
    }
    if (!network_ || network_key_ != key) {
        network_.reset();  // before the next one is built: two may not fit
        network_ = build_network(example_.attention, options);
        network_key_ = std::move(key);
    }
    return *network_;
}

std::vector<std::size_t> Session::sources(const GridPoint& point) const {
    if (!point.has("source")) return {0};
    return resolve_sources(point.values.at("source"), example_.tokens.size(), example_.id);
}

std::size_t Session::layer(const GridPoint& point) const {
    const std::size_t layers = example_.attention.layers();
    if (!point.has("layer")) return layers;
    const auto& value = point.values.at("layer");
    if (value == ParameterValue(std::string("top"))) return layers;
    const auto layer = static_cast<std::size_t>(std::get<std::int64_t>(value));
    if (layer > layers) {
        throw ParameterError(
            fmt::format("{}: there is no layer {}, the attention has layers 1 to {}", example_.id, layer, layers));
    }
    return layer;
}

void Session::check(const GridPoint& point) const {
    layer(point);
    sources(point);
    NetworkOptions options = network_options(point);
    const auto heads = head_strategies().make(options.heads, "heads");
    const auto passes = heads->passes(example_.attention);
    if (!passes.empty()) options.heads = passes.front();
    try {
        check_options(example_.attention, options);
    } catch (const ParameterError& error) {
        throw ParameterError(fmt::format("{}: {}", example_.id, error.what()));
    }
}

Attribution Session::attribution(const GridPoint& point) {
    return std::move(attributions(std::span(&point, 1)).front());
}

std::vector<Attribution> Session::attributions(std::span<const GridPoint> points) {
    const auto heads = head_strategies().make(network_options(points.front()).heads, "heads");
    const auto passes = heads->passes(example_.attention);
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
    auto& method = methods_.method(first.method);
    const auto heads = head_strategies().make(network_options(first).heads, "heads");
    if (points.size() > 1 && !heads->depends_on_source_layer()) {
        std::vector<std::size_t> layers;
        for (const GridPoint& point : points) layers.push_back(layer(point));
        return method.attribute_layers({network(first), std::move(layers), sources(first)});
    }
    std::vector<Attribution> results;
    for (const GridPoint& point : points) {
        results.push_back(method.attribute({network(point), layer(point), sources(point), with_paths_}));
    }
    return results;
}

}  // namespace attnflow
