/// The list of axes: one line each, in the order of the columns of results.

#include "experiments/study/axes/edge_weights.hpp"
#include "experiments/study/axes/heads.hpp"
#include "experiments/study/axes/layer.hpp"
#include "experiments/study/axes/positions.hpp"
#include "experiments/study/axes/pruning.hpp"
#include "experiments/study/axes/readout.hpp"
#include "experiments/study/axes/receptive_field.hpp"
#include "experiments/study/axes/renormalise.hpp"
#include "experiments/study/axes/skip_weight.hpp"
#include "experiments/study/axes/source.hpp"
#include "experiments/study/axes/special_tokens.hpp"
#include "experiments/study/axes/units.hpp"

namespace attnflow {

AxisRegistry& axes() {
    static AxisRegistry registry = [] {
        AxisRegistry r;
        r.add<UnitsAxis>();
        r.add<HeadsAxis>();
        r.add<EdgeWeightsAxis>();
        r.add<PruningAxis>();
        r.add<SpecialTokensAxis>();
        r.add<ReceptiveFieldAxis>();
        r.add<RenormaliseAxis>();
        r.add<SkipWeightAxis>();
        r.add<LayerAxis>();
        r.add<SourceAxis>();
        r.add<ReadoutAxis>();
        r.add<PositionsAxis>();
        r.end_bundled();
        return r;
    }();
    return registry;
}

}  // namespace attnflow
