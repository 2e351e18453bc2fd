#include "algorithms/maxflow/engine/certificates/sweeps.hpp"

#include <algorithm>
#include <numeric>

#include <catch2/catch.hpp>

#include "algorithms/maxflow/boykov_kolmogorov.hpp"
#include "algorithms/maxflow/engine/check.hpp"
#include "algorithms/maxflow/engine/exact/pseudoflow.hpp"
#include "graph/generators/network_generator.hpp"
#include "graph/quantiser.hpp"
#include "graph/support/random.hpp"
#include "tests/every_target.hpp"

using namespace attnflow;
using namespace attnflow::engine;

namespace {

FixedNetwork make(const char* generator, std::size_t layers, std::size_t tokens, int bits) {
    return Quantiser(bits)(network_generators().at(generator).make()->generate({layers, tokens}, 1)).network;
}

std::int64_t flow_of(const FixedNetwork& network, std::size_t source) {
    ResidualState<std::int64_t> state;
    return BoykovKolmogorov().solve(network, network.vertex(network.layers(), source), network.vertex(0, 0),
                                    state);
}

std::vector<std::size_t> everyone(std::size_t tokens) {
    std::vector<std::size_t> ends(tokens);
    std::iota(ends.begin(), ends.end(), std::size_t{0});
    return ends;
}

/// Layers low..high of a network of equal widths, and one vertex below (or above) all vertices of the end
/// layer, joined to each by an edge of the mass that a sweep left there.
FixedNetwork with_end(const FixedNetwork& network, std::size_t low, std::size_t high, const Amount* mass,
                      bool below) {
    const std::size_t n = network.width(0);
    std::vector<std::size_t> widths(high - low + 1, n);
    std::vector<std::int64_t> weights;
    if (below) {
        widths.insert(widths.begin(), 1);
        weights.assign(mass, mass + n);
    }
    for (std::size_t l = low + 1; l <= high; ++l) {
        for (std::size_t i = 0; i < n; ++i) {
            const auto row = network.row(l, i);
            weights.insert(weights.end(), row.begin(), row.end());
        }
    }
    if (!below) {
        widths.push_back(1);
        weights.insert(weights.end(), mass, mass + n);
    }
    return FixedNetwork(widths, weights);
}

void check_masses(const char* generator, int bits, bool mostly_slack) {
    constexpr std::size_t layers = 6;
    constexpr std::size_t tokens = 48;
    INFO(generator << ", " << bits << " bits");
    const FixedNetwork network = make(generator, layers, tokens, bits);
    const PackedNetwork packed(network, 0, layers);
    CHECK(packed.guide().mostly_slack() == mostly_slack);
    Demand demand(tokens);
    Sweeps down(packed, Direction::down, layers, everyone(tokens));
    Sweeps up(packed, Direction::up, layers, everyone(tokens));
    std::size_t without_multipliers = 0;
    for (std::size_t v = 0; v < tokens; ++v) {
        down.reach(v, 1, Detail::masses, demand);
        up.reach(v, layers - 1, Detail::masses, demand);
        without_multipliers += !down.has_multipliers(v);
        without_multipliers += !up.has_multipliers(v);
        if (v % 9 != 0) continue;
        for (std::size_t l = 1; l < layers; ++l) {
            INFO("vertex " << v << " layer " << l);
            const Amount* const mass = down.mass(l, v);
            CHECK(std::accumulate(mass, mass + tokens, Amount{0}) == packed.row_sum(layers, v));
            CHECK(flow_of(with_end(network, l, layers, mass, true), v) == packed.row_sum(layers, v));
        }
    }
    if (mostly_slack) CHECK(without_multipliers > 0);
    // Sinks: as a flow from one vertex above layer l, which has all that is demanded there, to the sink.
    for (const std::size_t t : {0, 13, 47}) {
        for (std::size_t l = 1; l < layers; ++l) {
            INFO("sink " << t << " layer " << l);
            const Amount* const demanded = up.mass(l, t);
            const FixedNetwork to_sink = with_end(network, 0, l, demanded, false);
            ResidualState<std::int64_t> state;
            const auto value = BoykovKolmogorov().solve(to_sink, to_sink.vertex(to_sink.layers(), 0),
                                                        to_sink.vertex(0, t), state);
            CHECK(value == std::accumulate(demanded, demanded + tokens, Amount{0}));
        }
    }
}

}  // namespace

TEST_CASE("sweeps: masses of vertices poured together are those of a flow", "[flow_engine]") {
    testing::on_every_target([] {
        for (const char* generator : {"uneven_keys", "no_skip", "diffuse"}) {
            check_masses(generator, 30, true);
            check_masses(generator, 40, true);
        }
        check_masses("peaked", 40, false);
    });
}

TEST_CASE("sweeps: the flow of one with multipliers is that of its masses", "[flow_engine]") {
    testing::on_every_target([] {
        for (const char* generator : {"uneven_keys", "peaked", "varying_widths"}) {
            INFO(generator);
            const FixedNetwork network = make(generator, 6, 20, 40);
            const PackedNetwork packed(network, 0, 6);
            Demand demand(packed.widest());
            Sweeps down(packed, Direction::down, 6, {network.width(6) - 1});
            Sweeps up(packed, Direction::up, 6, {network.width(0) - 1});
            down.reach(0, 1, Detail::multipliers, demand);
            up.reach(0, 5, Detail::multipliers, demand);
            Pseudoflow flow(packed);
            for (std::size_t k = 1; k <= 5; ++k) {
                INFO("joined at layer " << k);
                flow.join(6, {&down, 0}, {&up, 0}, k);
                CHECK_NOTHROW(check_balances(flow));
            }
            flow.join_upper(6, {&down, 0}, 2, up.mass(2, 0));
            CHECK_NOTHROW(check_balances(flow));
            flow.join_lower({&up, 0}, 3, down.mass(3, 0));
            CHECK_NOTHROW(check_balances(flow));
            ++flow.flow(2)(0, 0);
            CHECK_THROWS_AS(check_balances(flow), InternalError);
        }
    });
}

TEST_CASE("sweeps: what vertices serve together flows, and all of it where capacities are wide", "[flow_engine]") {
    testing::on_every_target([] {
        std::size_t served_all = 0;
        for (std::uint64_t seed = 1; seed <= 400; ++seed) {
            INFO("seed " << seed);
            Random random(seed);
            const std::size_t rows = 2 + random.below(20);
            const std::size_t columns = 2 + random.below(20);
            Panel<Amount> matrix(rows, columns);
            Panel<Amount> integers(3, std::max(rows, columns));
            Panel<double> reals(3, std::max(rows, columns));
            Amount* const mass = integers.row(0);
            Amount* const demand = integers.row(1);
            double* const slack = reals.row(0);
            double* const per_demand = reals.row(1);
            Amount demanded = 0;
            Amount supply = 0;
            for (std::size_t j = 0; j < columns; ++j) {
                demand[j] = static_cast<Amount>(random.below(100'000));
                if (demand[j] > 0) per_demand[j] = 1.0 / static_cast<double>(demand[j]);
                demanded += demand[j];
            }
            for (std::size_t v = 0; v < rows; ++v) {
                mass[v] = static_cast<Amount>(random.below(100'000));
                supply += mass[v];
            }
            // Around what each would send if all went by proportions: some vertices are unconstrained, others
            // just not.
            const double width = 0.9 + 0.3 * random.uniform();
            std::vector<std::int64_t> weights(demand, demand + columns);
            for (std::size_t v = 0; v < rows; ++v) {
                for (std::size_t j = 0; j < columns; ++j) {
                    const double even = static_cast<double>(mass[v]) * static_cast<double>(demand[j]) /
                                        static_cast<double>(std::max<Amount>({demanded, supply, 1}));
                    matrix(v, j) = static_cast<Amount>(width * even * (1.0 + 0.1 * random.uniform())) + 1;
                    weights.push_back(matrix(v, j));
                }
                slack[v] = water_filling().min_ratio(matrix.row(v), per_demand, matrix.stride());
            }
            weights.insert(weights.end(), mass, mass + rows);
            const FixedNetwork network({1, columns, rows, 1}, weights);
            const Serve serve{.capacity = matrix,
                              .mass = mass,
                              .first = rows,
                              .demand = demand,
                              .cells = integers.row(2),
                              .stride = 0,
                              .slack = slack,
                              .per_demand = per_demand,
                              .mark = reals.row(2)};
            const KeptServe kept(serve);
            const Amount left_of_kept = water_filling().serve_together(kept.step());
            const Amount left = water_filling().serve_together(serve);
            CHECK_NOTHROW(kept.check(left_of_kept, serve, left));
            CHECK_THROWS_AS(kept.check(left - 1, serve, left - 1), InternalError);
            const Amount most = flow_of(network, 0);
            CHECK(supply - left <= most);
            served_all += supply - left == most;
            if (width > 1.01) CHECK(supply - left == std::min(supply, demanded));
        }
        CHECK(served_all > 100);
    });
}

TEST_CASE("sweeps: one that goes on is the one made at once", "[flow_engine]") {
    const FixedNetwork network = make("uneven_keys", 7, 24, 30);
    const PackedNetwork packed(network, 0, 7);
    Demand demand(24);
    for (const Detail detail : {Detail::masses, Detail::multipliers}) {
        Sweeps sweeps(packed, Direction::down, 7, {3, 3});
        sweeps.reach(0, 1, detail, demand);
        sweeps.reach(1, 4, detail, demand);
        CHECK(sweeps.has_reached(1, 4));
        CHECK_FALSE(sweeps.has_reached(1, 3));
        sweeps.reach(1, 1, detail, demand);
        for (std::size_t l = 1; l < 7; ++l) {
            CHECK(std::equal(sweeps.mass(l, 0), sweeps.mass(l, 0) + 24, sweeps.mass(l, 1)));
        }
        if (detail == Detail::multipliers) CHECK(sweeps.has_multipliers(0));
        // Made anew for the sake of multipliers, it goes as far as before.
        sweeps.reach(1, 5, Detail::multipliers, demand);
        CHECK(sweeps.has_multipliers(1));
        CHECK(sweeps.has_reached(1, 1));
    }
}
