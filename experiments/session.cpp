#include "experiments/session.hpp"

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
    const std::string key = key_of(point, {"heads", "renormalise", "skip_weight"});
    auto found = networks_.find(key);
    if (found == networks_.end()) {
        found = networks_.emplace(key, build_network(example_.attention, network_options(point))).first;
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

const Attribution& Session::attribution(const GridPoint& point) {
    const std::string key =
        point.method + '\n' + key_of(point, {"heads", "renormalise", "skip_weight", "layer", "source"});
    auto found = attributions_.find(key);
    if (found == attributions_.end()) {
        const AttributionProblem problem{network(point), layer(point), sources(point), with_paths_};
        found = attributions_.emplace(key, methods_.method(point.method).attribute(problem)).first;
    }
    return found->second;
}

}  // namespace attnflow
