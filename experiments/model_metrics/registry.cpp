/// The list of model metrics: one line each.

#include "experiments/model_metrics/comprehensiveness.hpp"
#include "experiments/model_metrics/model_metric.hpp"
#include "experiments/model_metrics/sufficiency.hpp"

namespace attnflow {

ModelMetricRegistry& model_metrics() {
    static ModelMetricRegistry registry = [] {
        ModelMetricRegistry r;
        r.add<Comprehensiveness>();
        r.add<Sufficiency>();
        r.end_bundled();
        return r;
    }();
    return registry;
}

}  // namespace attnflow
