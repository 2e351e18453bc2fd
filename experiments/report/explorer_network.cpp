#include "experiments/report/explorer_network.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <nlohmann/json.hpp>

#include "algorithms/maxflow/max_flow_solver.hpp"
#include "experiments/report/base64.hpp"
#include "graph/certificate.hpp"
#include "graph/quantiser.hpp"

namespace attnflow {
namespace {

using Json = nlohmann::ordered_json;

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

std::string cuts_json() {
    const auto layer = [](const CutLayer& where) {
        return Json{{"from_top", where.from_top}, {"distance", where.distance}};
    };
    Json out = Json::array();
    for (const CutShape& shape : cut_shapes()) {
        Json kind{{"kind", shape.name},
                  {"meaning", shape.meaning},
                  {"is_trivial", shape.is_trivial},
                  {"has_layer", shape.has_layer}};
        if (shape.kind != CutKind::interior) {
            kind.update({{"above", to_string(shape.above)},
                         {"at", to_string(shape.at)},
                         {"below", to_string(shape.below)},
                         {"lowest", layer(shape.lowest)},
                         {"highest", layer(shape.highest)},
                         {"is_downwards", shape.is_downwards}});
        }
        out.push_back(std::move(kind));
    }
    return out.dump();
}

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
        CutClassifier classifier(fixed, request.layer);
        const BindingCut cut = classifier.classify(request.source, request.sink, value);
        Json pair{{"layer", request.layer},
                  {"source", request.source},
                  {"sink", request.sink},
                  {"solver", solver_name},
                  {"value", static_cast<double>(value) * fixed_point.unit()},
                  {"cut", {static_cast<int>(cut.kind), cut.layer}},
                  {"edges", flow_edges(fixed, request.layer, state.forward(), fixed_point.unit())}};
        CutClassifier::Mask side(fixed.vertices(), 0);
        if (cut.kind == CutKind::interior) {
            pair["side"] = Json::array();
            for (const Vertex v : certify_max_flow(fixed, source, sink, value, state.forward()).source_side) {
                pair["side"].push_back({fixed.layer_of(v), fixed.position_of(v)});
                side[v] = 1;
            }
        } else {
            side = classifier.source_side(request.source, request.sink, cut);
        }
        add_cut(fixed, request, side, fixed_point.unit(), pair);
        out.push_back(std::move(pair));
    }
    return out.dump();
}

}  // namespace attnflow
