/// The list of max-flow solvers: one line each.

#include "algorithms/maxflow/boykov_kolmogorov.hpp"
#include "algorithms/maxflow/max_flow_solver.hpp"

namespace attnflow {

MaxFlowRegistry& max_flow_solvers() {
    static MaxFlowRegistry registry = [] {
        MaxFlowRegistry r;
        r.add<BoykovKolmogorov>();
        return r;
    }();
    return registry;
}

}  // namespace attnflow
