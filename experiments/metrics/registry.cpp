/// The list of metrics: one line each.

#include "experiments/metrics/metric.hpp"
#include "experiments/metrics/spearman.hpp"
#include "experiments/metrics/spearman_dense_rank.hpp"

namespace attnflow {

MetricRegistry& metrics() {
    static MetricRegistry registry = [] {
        MetricRegistry r;
        r.add<Spearman>();
        r.add<SpearmanDenseRank>();
        return r;
    }();
    return registry;
}

}  // namespace attnflow
