#include "algorithms/paths/path_product.hpp"

#include <catch2/catch.hpp>

#include "graph/support/random.hpp"
#include "tests/oracles.hpp"

using namespace attnflow;
using attnflow::testing::for_each_path;

namespace {

/// Small, uneven widths, with gaps; weights are multiples of 1/8 at most 1.
LayeredNetwork<double> random_network(std::uint64_t seed) {
    Random random(seed);
    std::vector<std::size_t> widths;
    const std::size_t layers = 1 + random.below(4);
    for (std::size_t l = 0; l <= layers; ++l) widths.push_back(1 + random.below(5));
    const double density = random.uniform();
    std::vector<double> weights(LayeredNetwork<double>::slots_for(widths));
    for (double& weight : weights) {
        weight = random.uniform() < density ? static_cast<double>(1 + random.below(8)) / 8 : 0.0;
    }
    return {std::move(widths), std::move(weights)};
}

/// Layers low+1..high on their own.
LayeredNetwork<double> between(const LayeredNetwork<double>& network, std::size_t high, std::size_t low) {
    const auto widths = network.widths().subspan(low, high - low + 1);
    const auto weights = network.capacities().subspan(network.first_slot(low + 1),
                                                      network.first_slot(high + 1) - network.first_slot(low + 1));
    return {{widths.begin(), widths.end()}, {weights.begin(), weights.end()}};
}

template <Semiring S>
typename S::Value edge_worth(const S& semiring, double weight) {
    if constexpr (MapsEdges<S>) return semiring.edge(weight);
    return weight;
}

/// By enumeration: the worth of all paths, each multiplied from the source down.
template <Semiring S>
typename S::Value enumerated(const S& semiring, const LayeredNetwork<double>& network, std::size_t source,
                             std::size_t sink) {
    auto total = semiring.zero();
    for_each_path<double>(network, network.layers(), source, sink, [&](const std::vector<std::size_t>& path) {
        auto worth = semiring.one();
        for (std::size_t l = network.layers(); l > 0; --l) {
            worth = semiring.multiply(worth, edge_worth(semiring, network.capacity(l, path[l], path[l - 1])));
        }
        total = semiring.add(total, worth);
    });
    return total;
}

template <Semiring S>
void check_against_enumeration(const S& semiring, const LayeredNetwork<double>& network) {
    for (std::size_t high = 1; high <= network.layers(); ++high) {
        for (std::size_t low = 0; low < high; ++low) {
            const auto part = between(network, high, low);
            const auto all = path_product(semiring, network, high, low);
            REQUIRE(all.rows() == network.width(high));
            REQUIRE(all.columns() == network.width(low));
            for (std::size_t i = 0; i < all.rows(); ++i) {
                for (std::size_t j = 0; j < all.columns(); ++j) {
                    INFO("layer " << high << ", position " << i << " to layer " << low << ", position " << j);
                    // Sums and products of a few small multiples of 1/8 are exact in any order.
                    CHECK(all(i, j) == enumerated(semiring, part, i, j));
                }
                const std::size_t source[] = {i};
                const auto row = path_product(semiring, network, high, low, source);
                CHECK(std::ranges::equal(row.values(), all.row(i)));
            }
        }
    }
}

}  // namespace

TEST_CASE("a path product by hand", "[paths]") {
    // Layer 2 (2 positions) -> layer 1 (3) -> layer 0 (2).
    const LayeredNetwork<double> network({2, 3, 2}, {0.5, 0.25,        // layer 1
                                                     0.0, 1.0,         //
                                                     0.75, 0.125,      //
                                                     0.5, 0.25, 0.25,  // layer 2
                                                     0.0, 0.0, 1.0});
    // From (2, 0) to token 0: through 0: .5, .5; through 1: no edge; through 2: .25, .75.
    CHECK(path_product(PlusTimes<double>(), network, 2, 0)(0, 0) == 0.25 + 0.1875);
    CHECK(path_product(MaxTimes<double>(), network, 2, 0)(0, 0) == 0.25);
    CHECK(path_product(MaxMin<double>(), network, 2, 0)(0, 0) == 0.5);
    CHECK(path_product(MinPlus(), network, 2, 0)(0, 0) == 2.0 + 2.0);
    // From (2, 1) there is one way.
    CHECK(path_product(PlusTimes<double>(), network, 2, 0)(1, 1) == 0.125);
    CHECK(path_product(MaxMin<double>(), network, 2, 0)(1, 0) == 0.75);
    CHECK(path_product(MinPlus{2.0}, network, 2, 0)(1, 1) == 1.0 + 64.0);
    CHECK(path_product(SoftMaxMin{0.1}, network, 2, 0)(1, 1) ==
          Approx(-0.1 * std::log(std::exp(-10.0) + std::exp(-1.25))));
}

TEST_CASE("path products equal the enumeration of all paths", "[paths]") {
    for (std::uint64_t seed = 0; seed < 150; ++seed) {
        INFO("seed " << seed);
        const auto network = random_network(seed);
        check_against_enumeration(PlusTimes<double>(), network);
        check_against_enumeration(MaxTimes<double>(), network);
        check_against_enumeration(MaxMin<double>(), network);
        const auto lengths = path_product(MinPlus(), network, network.layers(), 0);
        for (std::size_t i = 0; i < lengths.rows(); ++i) {
            for (std::size_t j = 0; j < lengths.columns(); ++j) {
                const double expected = enumerated(MinPlus(), network, i, j);
                CHECK((lengths(i, j) == expected || lengths(i, j) == Approx(expected)));
            }
        }
    }
}

TEST_CASE("path products of integers", "[paths]") {
    const FixedNetwork network({2, 2, 2}, {3, 0, 5, 7, 2, 9, 4, 4});
    CHECK(path_product(MaxMin<std::int64_t>(), network, 2, 0)(0, 0) == 5);
    CHECK(path_product(PlusTimes<std::int64_t>(), network, 2, 0)(0, 0) == 2 * 3 + 9 * 5);
    CHECK(path_product(MaxTimes<std::int64_t>(), network, 2, 0)(1, 1) == 28);
}

TEST_CASE("one sweep answers for every layer with the bits of a single layer", "[paths]") {
    const auto check = [](const auto& semiring, const auto& network, const std::vector<std::size_t>& layers,
                          const std::vector<std::size_t>& sources) {
        const auto together = path_products(semiring, network, layers, sources);
        REQUIRE(together.size() == layers.size());
        for (std::size_t r = 0; r < layers.size(); ++r) {
            const std::size_t layer[] = {layers[r]};
            CHECK(together[r] == path_products(semiring, network, layer, sources).front());
            const auto down = path_product(semiring, network, layers[r], 0, sources);
            REQUIRE(down.values().size() == together[r].values().size());
            for (std::size_t k = 0; k < down.values().size(); ++k) {
                CHECK(together[r].values()[k] == Approx(down.values()[k]).epsilon(1e-12).margin(1e-300));
            }
        }
    };
    for (const std::size_t n : {1, 2, 7, 40}) {
        Random random(n);
        std::vector<double> weights(5 * n * n);
        for (double& weight : weights) weight = random.uniform();
        const LayeredNetwork<double> network(std::vector<std::size_t>(6, n), std::move(weights));
        std::vector<std::size_t> every(n);
        std::iota(every.begin(), every.end(), std::size_t{0});
        for (const auto& sources : {std::vector<std::size_t>{n - 1}, std::vector<std::size_t>{n / 2, 0}, every}) {
            for (const auto& layers : {std::vector<std::size_t>{1, 2, 3, 4, 5}, {1}, {5}, {2, 4}}) {
                INFO("n " << n << ", " << sources.size() << " sources, " << layers.size() << " layers");
                check(PlusTimes<double>(), network, layers, sources);
                check(MaxTimes<double>(), network, layers, sources);
                check(MaxMin<double>(), network, layers, sources);
                check(MinPlus(), network, layers, sources);
                check(SoftMaxMin{0.1}, network, layers, sources);
            }
        }
    }
}

TEST_CASE("no layers, no work", "[paths]") {
    const LayeredNetwork<double> network({1, 1}, {0.5});
    const std::vector<std::size_t> source{0};
    CHECK(path_products(MaxMin<double>(), network, {}, source).empty());
    CHECK(path_products(MaxMin<double>(), network, std::vector<std::size_t>{1}, {}).front().rows() == 0);
}

TEST_CASE("layers and sources that do not exist are refused", "[paths]") {
    const LayeredNetwork<double> network({2, 3, 1}, {0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.25, 0.25, 0.5});
    const MaxMin<double> widest;
    const std::vector<std::size_t> first{0};
    const std::vector<std::size_t> third{2};
    CHECK_THROWS_AS(path_product(widest, network, 1, 1), ParameterError);
    CHECK_THROWS_AS(path_product(widest, network, 0, 1), ParameterError);
    CHECK_THROWS_AS(path_product(widest, network, 3, 0), ParameterError);
    CHECK_THROWS_AS(path_product(widest, network, 2, 0, third), ParameterError);
    CHECK_NOTHROW(path_product(widest, network, 1, 0, third));
    CHECK_THROWS_AS(path_products(widest, network, std::vector<std::size_t>{1, 2}, third), ParameterError);
    for (const auto& layers : {std::vector<std::size_t>{2, 1}, {1, 1}, {0}, {1, 3}}) {
        CHECK_THROWS_AS(path_products(widest, network, layers, first), ParameterError);
    }
}
