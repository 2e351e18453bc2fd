#include "algorithms/maxflow/flow_matrix.hpp"

namespace attnflow {

const char* to_string(SettledBy by) {
    constexpr const char* names[] = {"edge", "sweeps", "meeting", "chains", "waves"};
    return names[static_cast<std::size_t>(by)];
}

void FlowCounters::add(std::size_t more_waves, std::size_t more_edges_scanned) {
    waves += more_waves;
    edges_scanned += more_edges_scanned;
}

void FlowCounters::add(const FlowCounters& other) {
    for (std::size_t k = 0; k < std::size(settled); ++k) settled[k] += other.settled[k];
    add(other.waves, other.edges_scanned);
}

}  // namespace attnflow
