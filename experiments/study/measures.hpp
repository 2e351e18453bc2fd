#pragma once
/// What a run measures: each metric with each reference, and each model metric. Rows of results count references
/// and metrics by number: `model`, which model metrics ask, stands behind the references, they behind the metrics.

#include <cstddef>
#include <string>
#include <vector>

#include "experiments/model_metrics/model_metric.hpp"

namespace attnflow {

struct Config;

/// In the place of a reference, for model metrics.
inline constexpr const char* model_reference = "model";

struct Measure {
    std::size_t reference;
    std::size_t metric;
    bool operator==(const Measure&) const = default;
};

/// By reference, metric.
std::vector<Measure> measures(const Config& config);
/// The measure of a model metric, by its number among them.
Measure model_measure(const Config& config, std::size_t model_metric);
/// Whether it is one.
bool asks_model(const Config& config, const Measure& measure);
Direction direction_of(const Config& config, const Measure& measure);

/// "blank_out", "model": as tables name it.
const std::string& reference_name(const Config& config, std::size_t reference);
/// "spearman", "comprehensiveness(5% 10%, remove, probability)": as tables name it.
const std::string& metric_name(const Config& config, std::size_t metric);

/// For people: "spearman", "comprehensiveness", "comprehensiveness(replace=mask)": of a model metric without what
/// it has by default.
std::string metric_label(const Config& config, std::size_t metric);
/// For people: "spearman with blank_out", "comprehensiveness (larger is better)".
std::string measure_label(const Config& config, const Measure& measure);

}  // namespace attnflow
