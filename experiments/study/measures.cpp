#include "experiments/study/measures.hpp"

#include "experiments/study/config.hpp"

namespace attnflow {
namespace {

const ModelMetricRegistry::Entry& entry_of(const std::string& call) {
    return model_metrics().at(call.substr(0, call.find('(')));
}

}  // namespace

std::vector<Measure> measures(const Config& config) {
    std::vector<Measure> all;
    for (std::size_t r = 0; r < config.references.size(); ++r) {
        for (std::size_t m = 0; m < config.metrics.size(); ++m) all.push_back({r, m});
    }
    for (std::size_t m = 0; m < config.model_metrics.size(); ++m) all.push_back(model_measure(config, m));
    return all;
}

Measure model_measure(const Config& config, std::size_t model_metric) {
    return {config.references.size(), config.metrics.size() + model_metric};
}

bool asks_model(const Config& config, const Measure& measure) { return measure.metric >= config.metrics.size(); }

Direction direction_of(const Config& config, const Measure& measure) {
    if (!asks_model(config, measure)) return Direction::larger;  // of agreement
    return entry_of(metric_name(config, measure.metric)).make()->direction();
}

const std::string& reference_name(const Config& config, std::size_t reference) {
    static const std::string model = model_reference;
    return reference < config.references.size() ? config.references[reference].text : model;
}

const std::string& metric_name(const Config& config, std::size_t metric) {
    return metric < config.metrics.size() ? config.metrics[metric]
                                          : config.model_metrics.at(metric - config.metrics.size());
}

std::string metric_label(const Config& config, std::size_t metric) {
    const std::string& name = metric_name(config, metric);
    if (metric < config.metrics.size()) return name;
    const auto& info = entry_of(name).info;
    const Call call = parse_call(name, name);
    const auto given = call_values(call, info.parameters, name);
    std::vector<std::string> changed;
    for (const ParameterSpec& spec : info.parameters) {
        const auto found = given.find(spec.name);
        if (found != given.end() && found->second != spec.fallback)
            changed.push_back(fmt::format("{}={}", spec.name, to_text(found->second)));
    }
    return changed.empty() ? call.name : fmt::format("{}({})", call.name, join(changed, ", "));
}

std::string measure_label(const Config& config, const Measure& measure) {
    if (!asks_model(config, measure)) {
        return fmt::format("{} with {}", metric_label(config, measure.metric),
                           reference_name(config, measure.reference));
    }
    return fmt::format("{} ({} is better)", metric_label(config, measure.metric),
                       direction_name(direction_of(config, measure)));
}

}  // namespace attnflow
