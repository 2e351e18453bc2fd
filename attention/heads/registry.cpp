/// The list of head strategies: one line each.

#include "attention/heads/head_aggregator.hpp"
#include "attention/heads/mean.hpp"

namespace attnflow {

HeadRegistry& head_strategies() {
    static HeadRegistry registry = [] {
        HeadRegistry r;
        r.add<MeanHeads>();
        return r;
    }();
    return registry;
}

}  // namespace attnflow
