/// The list of pruners: one line each.

#include "attention/network/pruning/discard_ratio.hpp"
#include "attention/network/pruning/edge_pruner.hpp"
#include "attention/network/pruning/none.hpp"
#include "attention/network/pruning/threshold.hpp"
#include "attention/network/pruning/top_k_per_row.hpp"

namespace attnflow {

PrunerRegistry& edge_pruners() {
    static PrunerRegistry registry = [] {
        PrunerRegistry r;
        r.add<NoPruning>();
        r.add<TopKPerRow>();
        r.add<DiscardRatio>();
        r.add<WeightThreshold>();
        r.end_bundled();
        return r;
    }();
    return registry;
}

}  // namespace attnflow
