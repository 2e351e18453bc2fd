#include "experiments/session.hpp"

#include <algorithm>

namespace attnflow {
namespace {

std::string key_of(const GridPoint& point, std::initializer_list<const char*> names) {
    std::string key;
    for (const char* name : names) key += point.text(name) + '\n';
    return key;
}

}  // namespace

AttributionFamily::Interface& MethodSet::method(const std::string& name) {
    auto& slot = methods_[name];
    if (slot == nullptr) slot = attribution_methods().at(name).make(parameters_[name]);
    return *slot;
}

const LayeredNetwork<double>& Session::network(const GridPoint& point) {
    NetworkOptions options = network_options(point);
    std::string key = key_of(point, {"heads", "renormalise", "skip_weight"});
    if (head_strategies().make(options.heads, "heads")->depends_on_source_layer()) {
        options.source_layer = layer(point);
        key += fmt::format("{}", options.source_layer);
    }
    auto found = networks_.find(key);
    if (found == networks_.end()) {
        found = networks_.emplace(key, build_network(example_.attention, options)).first;
    }
    return found->second;
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

const Attribution& Session::attribution(const GridPoint& point) {
    const std::string key =
        point.method + '\n' + key_of(point, {"heads", "renormalise", "skip_weight", "layer", "source"});
    auto found = attributions_.find(key);
    if (found == attributions_.end()) found = attributions_.emplace(key, attribute(point)).first;
    return found->second;
}

Attribution Session::attribute(const GridPoint& point) {
    const auto heads = head_strategies().make(network_options(point).heads, "heads");
    const auto passes = heads->passes(example_.attention);
    if (!passes.empty()) return combine(point, *heads, passes);
    return methods_.method(point.method).attribute({network(point), layer(point), sources(point), with_paths_});
}

// Every combination of scores moves by no more than its largest input does, so the largest error bound holds.
Attribution Session::combine(const GridPoint& point, const HeadFamily::Interface& heads,
                             const std::vector<std::string>& passes) {
    Attribution result;
    std::vector<const Attribution*> parts;
    for (const std::string& pass : passes) {
        GridPoint single = point;
        single.values["heads"] = pass;
        parts.push_back(&attribution(single));
        const auto& fixed_point = parts.back()->fixed_point;
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

}  // namespace attnflow
