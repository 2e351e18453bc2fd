/// The list of attribution methods: one line each.

#include "algorithms/attention_flow.hpp"
#include "algorithms/attribution_method.hpp"
#include "algorithms/best_path.hpp"
#include "algorithms/column_sum.hpp"
#include "algorithms/raw_attention.hpp"
#include "algorithms/rollout.hpp"
#include "algorithms/shortest_path.hpp"
#include "algorithms/soft_widest_path.hpp"
#include "algorithms/widest_path.hpp"

namespace attnflow {

AttributionRegistry& attribution_methods() {
    static AttributionRegistry registry = [] {
        AttributionRegistry r;
        r.add<RawAttention>();
        r.add<Rollout>();
        r.add<AttentionFlow>();
        r.add<WidestPath>();
        r.add<BestPath>();
        r.add<ShortestPath>();
        r.add<SoftWidestPath>();
        r.add<ColumnSum>();
        r.end_bundled();
        return r;
    }();
    return registry;
}

}  // namespace attnflow
