#include "experiments/cli/app.hpp"
#include "ford_fulkerson.hpp"
#include "greedy_path.hpp"
#include "sharpness_axis.hpp"

int main(int argc, char** argv) {
    return attnflow::run_app(argc, argv, [] {
        attnflow::attribution_methods().add<GreedyPath>();
        attnflow::max_flow_solvers().add<FordFulkerson>();
        attnflow::axes().add<SharpnessAxis>();
    });
}
