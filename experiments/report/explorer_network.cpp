#include "experiments/report/explorer_network.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "algorithms/maxflow/max_flow_solver.hpp"
#include "attention/files/json.hpp"
#include "experiments/report/base64.hpp"
#include "graph/certificate.hpp"
#include "graph/quantiser.hpp"

namespace attnflow {
namespace {
constexpr std::size_t shown_flow_edges = 400;
constexpr std::size_t shown_cut_edges = 100;

// Bits such that every capacity fits in 32 bits: 30 for weights up to 1.
int bits_for(const LayeredNetwork<double>& network) {
    double largest = 1.0;
    for (const double capacity : network.capacities()) largest = std::max(largest, capacity);
    const int bits = 30 - static_cast<int>(std::ceil(std::log2(largest)));
    return std::clamp(bits, Quantiser::min_bits, 30);
}

Json sparse_json(const FixedNetwork& network) {
    const std::size_t k = kept_edges_per_vertex;
    std::vector<std::uint16_t> columns;
    std::vector<std::uint32_t> values;
    double kept = 0.0;
    double total = 0.0;
    for (std::size_t l = 1; l <= network.layers(); ++l) {
        for (std::size_t i = 0; i < network.width(l); ++i) {
            const auto row = network.row(l, i);
            const auto largest = kept_columns(row);
            for (const std::size_t j : largest) {
                columns.push_back(static_cast<std::uint16_t>(j));
                values.push_back(static_cast<std::uint32_t>(row[j]));
                kept += values.back();
            }
            columns.resize(columns.size() + k - largest.size(), 65535);
            values.resize(columns.size(), 0);
            total += static_cast<double>(std::accumulate(row.begin(), row.end(), std::int64_t{0}));
        }
    }
    return {{"k", k},
            {"columns", base64_of(columns)},
            {"values", base64_of(values)},
            {"kept", total > 0.0 ? kept / total : 0.0}};
}

Json flow_edges(const FixedNetwork& network, std::size_t layer, std::span<const std::int64_t> residual,
                double unit) {
    std::vector<std::array<std::size_t, 3>> edges;
    const auto flow = [&](const std::array<std::size_t, 3>& edge) {
        const std::size_t slot = network.slot(edge[0], edge[1], edge[2]);
        return network.capacities()[slot] - residual[slot];
    };
    for (std::size_t l = 1; l <= layer; ++l) {
        for (std::size_t i = 0; i < network.width(l); ++i) {
            for (std::size_t j = 0; j < network.width(l - 1); ++j) {
                if (flow({l, i, j}) > 0) edges.push_back({l, i, j});
            }
        }
    }
    std::stable_sort(edges.begin(), edges.end(), [&](const auto& a, const auto& b) { return flow(a) > flow(b); });
    edges.resize(std::min(edges.size(), shown_flow_edges));
    Json out = Json::array();
    for (const auto& edge : edges) {
        out.push_back({edge[0], edge[1], edge[2], static_cast<float>(static_cast<double>(flow(edge)) * unit)});
    }
    return out;
}

// Vertices on the source side of the cut that was named, by vertex; `interior` is that side where it has no name.
// Only the lane of the source is on it for the cuts around that lane; all but the sink's lane for those around the
// sink. Vertices on no path from source to sink go where their edges cost nothing.
std::vector<char> source_side(const FixedNetwork& g, const PairRequest& pair, const BindingCut& cut,
                              const std::vector<Vertex>& interior) {
    std::vector<char> side(g.vertices(), 0);
    const auto set_lane = [&](std::size_t from, std::size_t to, std::size_t position, char value) {
        for (std::size_t l = from; l <= to; ++l) side[g.vertex(l, position)] = value;
    };
    switch (cut.kind) {
        case CutKind::source_row:
            set_lane(pair.layer, pair.layer, pair.source, 1);
            break;
        case CutKind::source_lane:
            set_lane(cut.layer, pair.layer, pair.source, 1);
            break;
        case CutKind::sink_column:
            side.assign(side.size(), 1);
            set_lane(0, 0, pair.sink, 0);
            break;
        case CutKind::sink_lane:
            side.assign(side.size(), 1);
            set_lane(0, cut.layer, pair.sink, 0);
            break;
        case CutKind::crossing: {
            const std::size_t b = cut.layer;
            for (std::size_t l = 0; l < b; ++l) {
                for (std::size_t i = 0; i < g.width(l); ++i) side[g.vertex(l, i)] = i != pair.sink;
            }
            set_lane(b + 1, pair.layer, pair.source, 1);
            for (std::size_t x = 0; x < g.width(b); ++x)
                side[g.vertex(b, x)] = g.capacity(b + 1, pair.source, x) > g.capacity(b, x, pair.sink);
            break;
        }
        case CutKind::interior:
            for (const Vertex v : interior) side[v] = 1;
            return side;
    }
    std::vector<char> reached(g.vertices(), 0);
    std::vector<char> reaches(g.vertices(), 0);
    reached[g.vertex(pair.layer, pair.source)] = 1;
    reaches[g.vertex(0, pair.sink)] = 1;
    const auto for_edges = [&](std::size_t l, const auto& visit) {
        for (std::size_t i = 0; i < g.width(l); ++i) {
            for (std::size_t j = 0; j < g.width(l - 1); ++j) {
                if (g.capacity(l, i, j) > 0) visit(g.vertex(l, i), g.vertex(l - 1, j));
            }
        }
    };
    for (std::size_t l = pair.layer; l > 0; --l)
        for_edges(l, [&](Vertex from, Vertex to) { reached[to] |= reached[from]; });
    for (std::size_t l = 1; l <= pair.layer; ++l)
        for_edges(l, [&](Vertex from, Vertex to) { reaches[from] |= reaches[to]; });
    for (std::size_t v = 0; v < side.size(); ++v) side[v] = reaches[v] == 0 || (side[v] != 0 && reached[v] != 0);
    return side;
}

// The largest edges of the cut, how many it has, and the sum of the capacities of all of them.
void add_cut(const FixedNetwork& g, const PairRequest& pair, const std::vector<char>& side, double unit,
             Json& json) {
    struct Edge {
        std::size_t l, i, j;
        std::int64_t capacity;
    };
    std::vector<Edge> edges;
    std::int64_t sum = 0;
    for (std::size_t l = 1; l <= pair.layer; ++l) {
        for (std::size_t i = 0; i < g.width(l); ++i) {
            if (side[g.vertex(l, i)] == 0) continue;
            for (std::size_t j = 0; j < g.width(l - 1); ++j) {
                const std::int64_t capacity = g.capacity(l, i, j);
                if (capacity == 0 || side[g.vertex(l - 1, j)] != 0) continue;
                edges.push_back({l, i, j, capacity});
                sum += capacity;
            }
        }
    }
    std::stable_sort(edges.begin(), edges.end(),
                     [](const Edge& a, const Edge& b) { return a.capacity > b.capacity; });
    json["cut_size"] = edges.size();
    json["cut_capacity"] = static_cast<double>(sum) * unit;
    json["cut_edges"] = Json::array();
    for (const Edge& e : std::span(edges).first(std::min(edges.size(), shown_cut_edges)))
        json["cut_edges"].push_back({e.l, e.i, e.j, static_cast<float>(static_cast<double>(e.capacity) * unit)});
}

}  // namespace

template <class C>
std::vector<std::size_t> kept_columns(std::span<const C> row) {
    std::vector<std::size_t> columns;
    for (std::size_t j = 0; j < row.size(); ++j) {
        if (row[j] > C(0)) columns.push_back(j);
    }
    const std::size_t limit = row.size() > max_solvable_tokens ? kept_edges_per_vertex : columns.size();
    const auto count = static_cast<std::ptrdiff_t>(std::min(limit, columns.size()));
    std::partial_sort(columns.begin(), columns.begin() + count, columns.end(),
                      [&](std::size_t a, std::size_t b) { return row[a] != row[b] ? row[a] > row[b] : a < b; });
    columns.resize(static_cast<std::size_t>(count));
    return columns;
}
template std::vector<std::size_t> kept_columns(std::span<const double> row);
template std::vector<std::size_t> kept_columns(std::span<const std::int64_t> row);

std::string network_json(const LayeredNetwork<double>& network) {
    const auto [fixed, fixed_point] = Quantiser(bits_for(network))(network);
    Json json{{"bits", fixed_point.bits}};
    if (network.width(0) > max_solvable_tokens) {
        json.update(sparse_json(fixed));
        return json.dump();
    }
    std::vector<std::uint32_t> capacities;
    capacities.reserve(fixed.slots());
    for (const std::int64_t capacity : fixed.capacities())
        capacities.push_back(static_cast<std::uint32_t>(capacity));
    json["dense"] = base64_of(capacities);
    return json.dump();
}

std::string pairs_json(const LayeredNetwork<double>& network, const std::vector<PairRequest>& requests) {
    const auto [fixed, fixed_point] = Quantiser()(network);
    const std::string solver_name = max_flow_solvers().names().front();
    const auto solver = max_flow_solvers().at(solver_name).make();
    ResidualState<std::int64_t> state;
    Json out = Json::array();
    for (const PairRequest& request : requests) {
        const Vertex source = fixed.vertex(request.layer, request.source);
        const Vertex sink = fixed.vertex(0, request.sink);
        const std::int64_t value = solver->solve(fixed, source, sink, state);
        const BindingCut cut = CutClassifier(fixed, request.layer).classify(request.source, request.sink, value);
        Json pair{{"layer", request.layer},
                  {"source", request.source},
                  {"sink", request.sink},
                  {"solver", solver_name},
                  {"value", static_cast<double>(value) * fixed_point.unit()},
                  {"cut", {static_cast<int>(cut.kind), cut.layer}},
                  {"edges", flow_edges(fixed, request.layer, state.forward(), fixed_point.unit())}};
        std::vector<Vertex> interior;
        if (cut.kind == CutKind::interior) {
            interior = certify_max_flow(fixed, source, sink, value, state.forward()).source_side;
            pair["side"] = Json::array();
            for (const Vertex v : interior) pair["side"].push_back({fixed.layer_of(v), fixed.position_of(v)});
        }
        add_cut(fixed, request, source_side(fixed, request, cut, interior), fixed_point.unit(), pair);
        out.push_back(std::move(pair));
    }
    return out.dump();
}

}  // namespace attnflow
