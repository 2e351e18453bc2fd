/// The list of max-flow solvers: one line each.

#include "algorithms/maxflow/boykov_kolmogorov.hpp"
#include "algorithms/maxflow/dinic.hpp"
#include "algorithms/maxflow/edmonds_karp.hpp"
#include "algorithms/maxflow/layered_flow.hpp"
#include "algorithms/maxflow/max_flow_solver.hpp"
#include "algorithms/maxflow/push_relabel.hpp"

namespace attnflow {

MaxFlowRegistry& max_flow_solvers() {
    static MaxFlowRegistry registry = [] {
        MaxFlowRegistry r;
        r.add<Dinic>();
        r.add<BoykovKolmogorov>();
        r.add<EdmondsKarp>();
        r.add<PushRelabel>();
        r.add<LayeredFlow>();
        r.end_bundled();
        return r;
    }();
    return registry;
}

}  // namespace attnflow
