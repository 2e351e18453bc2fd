#include "algorithms/maxflow/engine/check.hpp"

#include <numeric>

#include <fmt/format.h>

#include "algorithms/maxflow/engine/certificates/closed_cuts.hpp"
#include "algorithms/maxflow/engine/exact/pseudoflow.hpp"
#include "graph/support/error.hpp"

namespace attnflow::engine {
namespace {

__extension__ using Wide = __int128;  // products of two amounts

template <class... Arguments>
void require(bool holds, fmt::format_string<Arguments...> text, Arguments&&... arguments) {
    if (!holds) throw InternalError("flow engine: " + fmt::format(text, std::forward<Arguments>(arguments)...));
}

// Of row v: within capacities. Returns its sum.
Amount check_row(const Panel<Amount>& capacity, std::size_t v, const Amount* cells) {
    Amount sum = 0;
    for (std::size_t j = 0; j < capacity.columns(); ++j) {
        require(cells[j] >= 0 && cells[j] <= capacity(v, j), "row {}, column {}: {} flows, the capacity is {}", v,
                j, cells[j], capacity(v, j));
        sum += cells[j];
    }
    return sum;
}

}  // namespace

void check_half(const Pour& pour) {
    Row<Amount> shares(pour.into, pour.into + pour.capacity.columns());
    Amount together_mass = 0;
    for (std::size_t v = 0; v < pour.capacity.rows(); ++v) {
        if (pour.multiplier[v] == together) {
            together_mass += pour.mass[v];
            continue;
        }
        if (pour.mass[v] == 0) continue;
        const Amount* const cells = pour.cells + v * pour.stride;
        const Amount sum = check_row(pour.capacity, v, cells);
        const Amount* const row = pour.capacity.row(v);
        const Amount most = std::accumulate(row, row + pour.capacity.columns(), Amount{0});
        require(sum == std::min(pour.mass[v], most), "row {}: {} of {} is passed on, its capacities sum to {}", v,
                sum, pour.mass[v], most);
        for (std::size_t j = 0; j < shares.size(); ++j) shares[j] -= cells[j];
    }
    Amount shared = 0;
    for (const Amount share : shares) {
        require(share >= 0, "a vertex receives {} less than was poured into it", -share);
        shared += share;
    }
    require(shared == together_mass, "{} is received of {} that vertices poured together", shared, together_mass);
    for (std::size_t v = 0; v < pour.capacity.rows(); ++v) {
        if (pour.multiplier[v] != together) continue;
        for (std::size_t j = 0; j < shares.size(); ++j) {
            require(Wide{pour.mass[v]} * shares[j] <= Wide{pour.capacity(v, j)} * together_mass,
                    "row {}, column {}: {} of {} do not pass, in proportion, a capacity of {}", v, j, pour.mass[v],
                    shares[j], pour.capacity(v, j));
        }
    }
}

void check_served(const Serve& serve, const Served& before, Amount left) {
    // What is still demanded from those who serve together, and what they have.
    Amount mass = 0;
    Amount demanded = 0;
    Amount others_left = 0;
    Amount others_sent = 0;
    Amount others_served = 0;
    for (std::size_t v = 0; v < serve.capacity.rows(); ++v) {
        if (serve.mark[v] == together) {
            require(serve.mass[v] == before.mass[v], "row {}: {} of {} is left beside others", v, serve.mass[v],
                    before.mass[v]);
            mass += serve.mass[v];
            continue;
        }
        require(serve.mass[v] >= 0 && serve.mass[v] <= before.mass[v], "row {}: {} of {} is left", v,
                serve.mass[v], before.mass[v]);
        others_left += serve.mass[v];
        others_sent += before.mass[v] - serve.mass[v];
    }
    for (std::size_t j = 0; j < serve.capacity.columns(); ++j) {
        require(serve.demand[j] >= 0 && serve.demand[j] <= before.demand[j],
                "column {}: {} of {} is still demanded", j, serve.demand[j], before.demand[j]);
        demanded += serve.demand[j];
        others_served += before.demand[j] - serve.demand[j];
    }
    require(others_sent == others_served, "{} is sent, {} arrives", others_sent, others_served);
    require(left == others_left + std::max<Amount>(0, mass - demanded),
            "{} is left of {} and {}, where {} is demanded", left, others_left, mass, demanded);
    const Amount divisor = std::max(mass, demanded);
    for (std::size_t v = 0; demanded > 0 && v < serve.capacity.rows(); ++v) {
        if (serve.mark[v] != together) continue;
        for (std::size_t j = 0; j < serve.capacity.columns(); ++j) {
            require(Wide{serve.mass[v]} * serve.demand[j] <= Wide{serve.capacity(v, j)} * divisor,
                    "row {}, column {}: {} of {} do not pass, in proportion, a capacity of {}", v, j,
                    serve.mass[v], serve.demand[j], serve.capacity(v, j));
        }
    }
}

void check_covered(const Panel<Amount>& flow, const Row<double>& part, const Row<Amount>& demand) {
    for (std::size_t y = 0; y < flow.columns(); ++y) {
        long double sum = 0;
        for (std::size_t x = 0; x < flow.rows(); ++x) {
            require(part[x] >= 0 && part[x] <= 1, "vertex {} sends the part {} of its flow", x, part[x]);
            sum += static_cast<long double>(part[x]) * static_cast<long double>(flow(x, y));
        }
        require(sum >= static_cast<long double>(demand[y]), "column {}: {} arrives, {} is demanded", y,
                static_cast<double>(sum), demand[y]);
    }
}

void check_balances(Pseudoflow& flow) {
    const PackedNetwork& network = flow.network();
    const std::size_t first = flow.range().first;
    for (std::size_t l = flow.lowest(); l <= flow.highest(); ++l) {
        std::vector<Amount> balance(network.width(l), 0);
        for (std::size_t x = first; x < flow.end_of(l); ++x) {
            if (l == flow.highest()) {
                balance[x] = flow.enters(x);
            } else {
                for (std::size_t z = first; z < flow.end_of(l + 1); ++z) {
                    if (flow.keeps(z, x)) balance[x] += flow.flow(l + 1)(z, x);
                }
            }
            if (l == flow.lowest()) {
                balance[x] -= flow.leaves(x);
            } else {
                for (std::size_t y = first; y < flow.end_of(l - 1); ++y) {
                    if (!flow.keeps(x, y)) break;
                    const Amount cell = flow.flow(l)(x, y);
                    require(cell >= 0 && cell <= network.down(l)(x, y),
                            "layer {}, row {}, column {}: {} flows, the capacity is {}", l, x, y, cell,
                            network.down(l)(x, y));
                    balance[x] -= cell;
                }
            }
            require(flow.balance(l)[x] == balance[x],
                    "vertex (layer {}, position {}): the balance is {}, said to be {}", l, x, balance[x],
                    flow.balance(l)[x]);
        }
    }
}

void check_cut(const PackedNetwork& network, const CutSet& set, Amount capacity) {
    const auto counts = [&](std::size_t l, std::size_t x) {
        return l == set.top ? x == set.source : x >= set.range.first && x <= set.range.last;
    };
    const auto inside = [&](std::size_t l, std::size_t x) {
        return l == set.top ? x == set.source : set.contains(l, x);
    };
    require(!inside(0, set.sink), "position {} of layer 0 is the sink and lies on the source's side", set.sink);
    Amount sum = 0;
    for (std::size_t l = 1; l <= set.top; ++l) {
        for (std::size_t x = 0; x < network.width(l); ++x) {
            if (!counts(l, x) || !inside(l, x)) continue;
            for (std::size_t y = 0; y < network.width(l - 1); ++y) {
                if (counts(l - 1, y) && !inside(l - 1, y)) sum = add_capacities(sum, network.down(l)(x, y));
            }
        }
    }
    require(sum == capacity, "from position {} of layer {} to {}: a cut has the capacity {}, said to be {}",
            set.source, set.top, set.sink, sum, capacity);
}

void check_bound(const PackedNetwork& network, std::size_t top, std::size_t source, std::size_t sink,
                 const Bound& bound) {
    const CutKind kind = bound.cut.kind;
    if (kind == CutKind::interior || bound.value == unbounded) return;
    const std::size_t k = bound.cut.layer;
    const auto contains = [&](std::size_t l, std::size_t x) {
        switch (kind) {
            case CutKind::source_row:
                return false;
            case CutKind::sink_column:
                return l > 0 || x != sink;
            case CutKind::source_lane:
                return l >= k && x == source;
            case CutKind::sink_lane:
                return !(l <= k && x == sink);
            default:
                break;
        }
        if (l != k) return l > k ? x == source : x != sink;
        // In the layer of a crossing every vertex stands on its cheaper side.
        if (sink >= network.width(k - 1)) return true;
        if (source >= network.width(k + 1)) return false;
        return network.down(k)(x, sink) < network.down(k + 1)(source, x);
    };
    const CausalRange range = network.causal() ? CausalRange{sink, source} : CausalRange{};
    check_cut(network, {top, source, sink, range, contains}, bound.value);
}

}  // namespace attnflow::engine
