#include "graph/flow_problem.hpp"

#include <numeric>

namespace attnflow {
namespace {

constexpr std::size_t unreached = std::numeric_limits<std::size_t>::max();

/// The numbers of the edges at each vertex: those that leave it, or those that enter it.
class Incidence {
public:
    Incidence(const FlowProblem& problem, Vertex FlowEdge::*end) : first_(problem.vertices + 1, 0) {
        for (const FlowEdge& edge : problem.edges) ++first_[edge.*end + std::size_t{1}];
        std::partial_sum(first_.begin(), first_.end(), first_.begin());
        edges_.resize(problem.edges.size());
        std::vector<std::size_t> next(first_.begin(), first_.end() - 1);
        for (std::size_t e = 0; e < problem.edges.size(); ++e) edges_[next[problem.edges[e].*end]++] = e;
    }

    std::span<const std::size_t> at(Vertex v) const {
        return {edges_.data() + first_[v], first_[v + 1] - first_[v]};
    }

private:
    std::vector<std::size_t> first_;
    std::vector<std::size_t> edges_;
};

/// Breadth-first distances from `start`; step(v, visit) calls visit for every neighbour.
template <class Step>
std::vector<std::size_t> distances(std::size_t vertices, Vertex start, Step step) {
    std::vector<std::size_t> distance(vertices, unreached);
    distance[start] = 0;
    std::vector<Vertex> queue{start};
    for (std::size_t next = 0; next < queue.size(); ++next) {
        const Vertex v = queue[next];
        step(v, [&](Vertex to) {
            if (distance[to] != unreached) return;
            distance[to] = distance[v] + 1;
            queue.push_back(to);
        });
    }
    return distance;
}

}  // namespace

void check_capacities(const FlowProblem& problem) {
    std::int64_t total = 0;
    for (const FlowEdge& edge : problem.edges) {
        if (edge.capacity < 0) {
            throw InputError(fmt::format("flow problem: the edge from {} to {} has the capacity {}",
                                         edge.from + std::size_t{1}, edge.to + std::size_t{1}, edge.capacity));
        }
        if (edge.capacity > largest_layer_sum<std::int64_t> - total) {
            throw InputError(fmt::format("flow problem: the capacities sum to more than {}; scale them down",
                                         largest_layer_sum<std::int64_t>));
        }
        total += edge.capacity;
    }
}

std::vector<bool> useful_edges(const FlowProblem& problem) {
    const auto passable = [&](const FlowEdge& edge) {
        return edge.capacity > 0 && edge.to != problem.source && edge.from != problem.sink && edge.from != edge.to;
    };
    const auto walk = [&](Vertex start, Vertex FlowEdge::*near, Vertex FlowEdge::*far) {
        const Incidence incidence(problem, near);
        return distances(problem.vertices, start, [&](Vertex v, auto visit) {
            for (const std::size_t e : incidence.at(v)) {
                if (passable(problem.edges[e])) visit(problem.edges[e].*far);
            }
        });
    };
    const auto from_source = walk(problem.source, &FlowEdge::from, &FlowEdge::to);
    const auto to_sink = walk(problem.sink, &FlowEdge::to, &FlowEdge::from);
    std::vector<bool> useful;
    for (const FlowEdge& edge : problem.edges) {
        useful.push_back(passable(edge) && from_source[edge.from] != unreached && to_sink[edge.to] != unreached);
    }
    return useful;
}

std::vector<std::int64_t> share_flow(const FlowProblem& problem, const EdgePlaces& places,
                                     std::vector<std::int64_t> flow_at) {
    std::vector<std::int64_t> flows(problem.edges.size(), 0);
    for (std::size_t e = 0; e < flows.size(); ++e) {
        if (!places[e]) continue;
        std::int64_t& left = flow_at[*places[e]];
        flows[e] = std::min(left, problem.edges[e].capacity);
        left -= flows[e];
    }
    return flows;
}

std::vector<std::int64_t> LayeredProblem::edge_flows(const FlowProblem& problem,
                                                     std::span<const std::int64_t> residual) const {
    std::vector<std::int64_t> flow(network.slots());
    for (std::size_t s = 0; s < flow.size(); ++s) flow[s] = network.capacities()[s] - residual[s];
    return share_flow(problem, slot_of_edge, std::move(flow));
}

LayeringResult find_layers(const FlowProblem& problem) {
    check_capacities(problem);
    const std::vector<bool> useful = useful_edges(problem);
    const Incidence leaving(problem, &FlowEdge::from);
    const auto depth = distances(problem.vertices, problem.source, [&](Vertex v, auto visit) {
        for (const std::size_t e : leaving.at(v)) {
            if (useful[e]) visit(problem.edges[e].to);
        }
    });
    const std::size_t layers = depth[problem.sink];
    if (layers == unreached) return {std::nullopt, "no path leads from source to sink"};
    std::size_t edges = 0;
    for (std::size_t e = 0; e < problem.edges.size(); ++e) {
        const FlowEdge& edge = problem.edges[e];
        if (!useful[e]) continue;
        ++edges;
        if (depth[edge.to] == depth[edge.from] + 1) continue;
        return {std::nullopt, fmt::format("the edge from {} to {} leads from {} to {} steps from the source",
                                          edge.from + std::size_t{1}, edge.to + std::size_t{1}, depth[edge.from],
                                          depth[edge.to])};
    }
    std::vector<std::size_t> widths(layers + 1, 0);  // layer l holds depth layers - l
    std::vector<std::size_t> position(problem.vertices, 0);
    for (std::size_t v = 0; v < problem.vertices; ++v) {
        if (depth[v] != unreached) position[v] = widths[layers - depth[v]]++;
    }
    // Widths are at most the useful vertices, so that no product overflows below 2^31 of them.
    double slots = 0.0;
    for (std::size_t l = 1; l <= layers; ++l)
        slots += static_cast<double>(widths[l]) * static_cast<double>(widths[l - 1]);
    constexpr double always_accepted = 1 << 20;
    if (slots > std::max(always_accepted, 16.0 * static_cast<double>(edges)) || slots > 0x1p30) {
        return {std::nullopt, fmt::format("{} edges are too few for matrices of {:.3g} capacities", edges, slots)};
    }
    std::vector<std::int64_t> capacities(FixedNetwork::slots_for(widths), 0);
    std::vector<std::size_t> first_slot(layers + 1, 0);
    for (std::size_t l = 2; l <= layers; ++l) first_slot[l] = first_slot[l - 1] + widths[l - 1] * widths[l - 2];
    EdgePlaces slot_of_edge(problem.edges.size());
    for (std::size_t e = 0; e < problem.edges.size(); ++e) {
        if (!useful[e]) continue;
        const FlowEdge& edge = problem.edges[e];
        const std::size_t l = layers - depth[edge.from];
        const std::size_t slot = first_slot[l] + position[edge.from] * widths[l - 1] + position[edge.to];
        slot_of_edge[e] = slot;
        capacities[slot] += edge.capacity;
    }
    FixedNetwork network(std::move(widths), std::move(capacities));
    const Vertex source = network.vertex(layers, 0);
    return {LayeredProblem{std::move(network), source, 0, std::move(slot_of_edge)}, ""};
}

FlowCertificate certify_flow(const FlowProblem& problem, std::int64_t value, std::span<const std::int64_t> flow) {
    FlowCertificate result;
    std::vector<std::int64_t> net(problem.vertices, 0);  // in minus out
    for (std::size_t e = 0; e < problem.edges.size(); ++e) {
        const FlowEdge& edge = problem.edges[e];
        if (flow[e] < 0 || flow[e] > edge.capacity) {
            result.failure =
                fmt::format("capacity: the edge from {} to {} carries {}, its capacity is {}",
                            edge.from + std::size_t{1}, edge.to + std::size_t{1}, flow[e], edge.capacity);
            return result;
        }
        net[edge.from] -= flow[e];
        net[edge.to] += flow[e];
    }
    for (std::size_t v = 0; v < problem.vertices; ++v) {
        const std::int64_t expected = v == problem.source ? -value : v == problem.sink ? value : 0;
        if (net[v] == expected) continue;
        result.failure = fmt::format("conservation: vertex {} receives {} more than it sends, expected {}", v + 1,
                                     net[v], expected);
        return result;
    }
    const Incidence leaving(problem, &FlowEdge::from);
    const Incidence entering(problem, &FlowEdge::to);
    const auto reached = distances(problem.vertices, problem.source, [&](Vertex v, auto visit) {
        for (const std::size_t e : leaving.at(v)) {
            if (flow[e] < problem.edges[e].capacity) visit(problem.edges[e].to);
        }
        for (const std::size_t e : entering.at(v)) {
            if (flow[e] > 0) visit(problem.edges[e].from);
        }
    });
    for (const std::size_t distance : reached) result.source_side.push_back(distance != unreached);
    if (result.source_side[problem.sink]) {
        result.failure = fmt::format("maximality: more than {} can reach the sink", value);
        return result;
    }
    std::int64_t capacity = 0;
    for (std::size_t e = 0; e < problem.edges.size(); ++e) {
        const FlowEdge& edge = problem.edges[e];
        if (edge.capacity == 0 || !result.source_side[edge.from] || result.source_side[edge.to]) continue;
        result.cut_edges.push_back(e);
        capacity += edge.capacity;
    }
    if (capacity != value)
        result.failure = fmt::format("cut: its capacity is {}, the flow is {}", capacity, value);
    result.holds = result.failure.empty();
    return result;
}

}  // namespace attnflow
