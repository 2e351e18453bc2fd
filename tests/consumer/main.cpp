#include "experiments/cli/app.hpp"
#include "ford_fulkerson.hpp"
#include "greedy_path.hpp"

int main(int argc, char** argv) {
    attnflow::attribution_methods().add<GreedyPath>();
    attnflow::max_flow_solvers().add<FordFulkerson>();
    return attnflow::run_app(argc, argv);
}
