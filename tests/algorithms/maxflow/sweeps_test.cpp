#include "algorithms/maxflow/engine/sweeps.hpp"

#include <algorithm>
#include <numeric>

#include <catch2/catch.hpp>

#include "algorithms/maxflow/boykov_kolmogorov.hpp"
#include "algorithms/maxflow/engine/kernels.hpp"
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

/// Layers low..high of a network of equal widths, and one vertex below (or above) all vertices of the end
/// layer, joined to each by an edge of the mass that a sweep left there.
template <class T>
FixedNetwork with_end(const FixedNetwork& network, std::size_t low, std::size_t high, const T* mass, bool below) {
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

template <class T>
void check_masses(const char* generator, int bits, bool is_light) {
    constexpr std::size_t layers = 6;
    constexpr std::size_t tokens = 48;
    INFO(generator << ", " << bits << " bits");
    const FixedNetwork network = make(generator, layers, tokens, bits);
    const PackedNetwork<T> packed(network, 0, layers);
    CHECK(packed.is_light() == is_light);
    Needs<T> needs(tokens);
    Sweeps<T> down(packed, layers, tokens);
    Sweeps<T> up(packed, layers, tokens);
    std::size_t without_levels = 0;
    for (std::size_t v = 0; v < tokens; ++v) {
        sweep_forward(packed, needs, layers, v, 1, down, v, Detail::masses);
        sweep_backward(packed, needs, v, layers - 1, up, v, Detail::masses);
        without_levels += !down.has_levels(v);
        without_levels += !up.has_levels(v);
        if (v % 9 != 0) continue;
        for (std::size_t l = 1; l < layers; ++l) {
            INFO("vertex " << v << " layer " << l);
            const T* const mass = down.mass(l, v);
            CHECK(std::accumulate(mass, mass + tokens, std::int64_t{0}) == packed.row_sum(layers, v));
            CHECK(flow_of(with_end(network, l, layers, mass, true), v) == packed.row_sum(layers, v));
        }
    }
    if (is_light) CHECK(without_levels > 0);
    // Sinks: as a flow from one vertex above layer l, which has all that is demanded there, to the sink.
    for (const std::size_t t : {0, 13, 47}) {
        for (std::size_t l = 1; l < layers; ++l) {
            INFO("sink " << t << " layer " << l);
            const T* const demand = up.mass(l, t);
            const FixedNetwork to_sink = with_end(network, 0, l, demand, false);
            ResidualState<std::int64_t> state;
            const auto value = BoykovKolmogorov().solve(to_sink, to_sink.vertex(to_sink.layers(), 0),
                                                        to_sink.vertex(0, t), state);
            CHECK(value == std::accumulate(demand, demand + tokens, std::int64_t{0}));
        }
    }
}

}  // namespace

TEST_CASE("sweeps: masses of vertices poured together are those of a flow", "[flow_engine]") {
    testing::on_every_target([] {
        for (const char* generator : {"uneven_keys", "no_skip", "diffuse"}) {
            check_masses<std::int32_t>(generator, 30, true);
            check_masses<std::int64_t>(generator, 40, true);
        }
        check_masses<std::int32_t>("peaked", 30, false);
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
            Panel<std::int32_t> matrix(rows, columns);
            Panel<std::int32_t> need(1, columns);
            Panel<std::int32_t> mass(1, rows);
            Panel<std::int32_t> cells(1, columns);
            Panel<float> per_need(1, columns);
            Panel<float> room(1, rows);
            Panel<float> level(1, rows);
            std::int64_t wanted = 0;
            std::int64_t supply = 0;
            for (std::size_t j = 0; j < columns; ++j) {
                need(0, j) = static_cast<std::int32_t>(random.below(100'000));
                if (need(0, j) > 0) per_need(0, j) = 1.0F / static_cast<float>(need(0, j));
                wanted += need(0, j);
            }
            for (std::size_t v = 0; v < rows; ++v) {
                mass(0, v) = static_cast<std::int32_t>(random.below(100'000));
                supply += mass(0, v);
            }
            // Around what each would send if all went by proportions: some vertices are light, others just not.
            const double slack = 0.9 + 0.3 * random.uniform();
            std::vector<std::int64_t> weights(need.row(0), need.row(0) + columns);
            for (std::size_t v = 0; v < rows; ++v) {
                for (std::size_t j = 0; j < columns; ++j) {
                    const double even = static_cast<double>(mass(0, v)) * static_cast<double>(need(0, j)) /
                                        static_cast<double>(std::max<std::int64_t>({wanted, supply, 1}));
                    matrix(v, j) = static_cast<std::int32_t>(slack * even * (1.0 + 0.1 * random.uniform())) + 1;
                    weights.push_back(matrix(v, j));
                }
                room(0, v) = min_ratio(matrix.row(v), per_need.row(0), matrix.stride());
            }
            weights.insert(weights.end(), mass.row(0), mass.row(0) + rows);
            const FixedNetwork network({1, columns, rows, 1}, weights);
            const std::int64_t left = serve_masses(matrix, mass.row(0), rows, room.row(0), per_need.row(0),
                                                   need.row(0), cells.row(0), level.row(0));
            const std::int64_t most = flow_of(network, 0);
            CHECK(supply - left <= most);
            served_all += supply - left == most;
            if (slack > 1.01) CHECK(supply - left == std::min(supply, wanted));
        }
        CHECK(served_all > 100);
    });
}

TEST_CASE("sweeps: one that goes on is the one made at once", "[flow_engine]") {
    const FixedNetwork network = make("uneven_keys", 7, 24, 30);
    const PackedNetwork<std::int32_t> packed(network, 0, 7);
    Needs<std::int32_t> needs(24);
    for (const Detail detail : {Detail::masses, Detail::levels}) {
        Sweeps<std::int32_t> sweeps(packed, 7, 2);
        sweep_forward(packed, needs, 7, 3, 1, sweeps, 0, detail);
        sweep_forward(packed, needs, 7, 3, 4, sweeps, 1, detail);
        sweep_forward(packed, needs, 7, 3, 1, sweeps, 1, detail, 4);
        for (std::size_t l = 1; l < 7; ++l) {
            CHECK(std::equal(sweeps.mass(l, 0), sweeps.mass(l, 0) + 24, sweeps.mass(l, 1)));
        }
        if (detail == Detail::levels) CHECK(sweeps.has_levels(0));
    }
}
