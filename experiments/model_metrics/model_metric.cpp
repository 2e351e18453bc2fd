#include "experiments/model_metrics/model_metric.hpp"

namespace attnflow {

const char* direction_name(Direction direction) { return direction == Direction::larger ? "larger" : "smaller"; }

void ModelMetricFamily::check_sets(const std::string& member, std::span<const UnitSet> sets, std::size_t units) {
    for (const UnitSet& set : sets) {
        std::vector<bool> named(units, false);
        for (const std::size_t unit : set.units) {
            if (unit >= units) {
                throw InternalError(fmt::format("model metric '{}': asks for unit {}, expected one below {}",
                                                member, unit, units));
            }
            if (named[unit]) {
                throw InternalError(fmt::format(
                    "model metric '{}': names unit {} twice in a set, expected each once at most", member, unit));
            }
            named[unit] = true;
        }
    }
}

double ModelMetricFamily::checked_number(const std::string& member, const char* what, double value) {
    if (std::isfinite(value)) return value;
    throw InternalError(
        fmt::format("model metric '{}': {} is {}, expected a finite number, or no value where it is "
                    "undefined",
                    member, what, value));
}

}  // namespace attnflow
