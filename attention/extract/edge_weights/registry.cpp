/// The list of edge weights that a model can give: one line each.

#include "attention/extract/edge_weights/edge_weight.hpp"
#include "attention/extract/edge_weights/gradient_weighted.hpp"
#include "attention/extract/edge_weights/value_norm.hpp"
#include "attention/extract/edge_weights/value_zeroing.hpp"

namespace attnflow {

EdgeWeightRegistry& edge_weights() {
    static EdgeWeightRegistry registry = [] {
        EdgeWeightRegistry r;
        r.add<ValueNorm>();
        r.add<ValueZeroing>();
        r.add<AttentionWeight>();
        r.add<GradientWeight>();
        r.add<AttentionGradientWeight>();
        r.end_bundled();
        return r;
    }();
    return registry;
}

}  // namespace attnflow
