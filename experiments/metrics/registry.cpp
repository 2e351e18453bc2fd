/// The list of metrics: one line each.

#include "experiments/metrics/kendall_tau_b.hpp"
#include "experiments/metrics/metric.hpp"
#include "experiments/metrics/pearson.hpp"
#include "experiments/metrics/precision_at_k.hpp"
#include "experiments/metrics/spearman.hpp"
#include "experiments/metrics/spearman_dense_rank.hpp"
#include "experiments/metrics/top_k_overlap.hpp"

namespace attnflow {

MetricRegistry& metrics() {
    static MetricRegistry registry = [] {
        MetricRegistry r;
        r.add<Spearman>();
        r.add<KendallTauB>();
        r.add<Pearson>();
        r.add<TopKOverlap>();
        r.add<PrecisionAtK>();
        r.add<SpearmanDenseRank>();
        r.end_bundled();
        return r;
    }();
    return registry;
}

}  // namespace attnflow
