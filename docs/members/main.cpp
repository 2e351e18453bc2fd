#include "above_mean.hpp"
#include "decision_flip.hpp"
#include "experiments/cli/app.hpp"
#include "ford_fulkerson.hpp"
#include "greedy_path.hpp"
#include "left_neighbour.hpp"
#include "peak_head.hpp"
#include "sharpness_axis.hpp"
#include "side_agreement.hpp"
#include "squared_attention.hpp"

int main(int argc, char** argv) {
    return attnflow::run_app(argc, argv, [] {
        attnflow::attribution_methods().add<GreedyPath>();
        attnflow::max_flow_solvers().add<FordFulkerson>();
        attnflow::network_generators().add<LeftNeighbour>();
        attnflow::head_strategies().add<PeakHead>();
        attnflow::edge_pruners().add<AboveMean>();
        attnflow::metrics().add<SideAgreement>();
        attnflow::edge_weights().add<SquaredAttention>();
        attnflow::axes().add<SharpnessAxis>();
        attnflow::model_metrics().add<DecisionFlip>();
    });
}
