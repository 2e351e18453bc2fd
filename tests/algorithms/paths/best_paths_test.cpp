#include "algorithms/paths/best_paths.hpp"

#include <map>

#include <catch2/catch.hpp>

#include "graph/generators/network_generator.hpp"
#include "tests/oracles.hpp"

using namespace attnflow;
using attnflow::testing::for_each_path;

namespace {

using Positions = std::vector<std::size_t>;

Positions path_of(const PathTable& table, std::size_t source, std::size_t token) {
    const auto path = table(source, token);
    return {path.begin(), path.end()};
}

/// The canonical path by its definition: for every end, the best worth over all paths from the
/// source; then from the token up the lowest position that continues a best path.
template <class S>
Positions canonical(const S& semiring, const LayeredNetwork<double>& network, std::size_t layer,
                    std::size_t source, std::size_t token) {
    const auto edge = [&](double weight) {
        if constexpr (MapsEdges<S>) return semiring.edge(weight);
        return weight;
    };
    std::vector<std::map<std::size_t, double>> best(layer + 1);
    for (std::size_t t = 0; t < network.width(0); ++t) {
        for_each_path<double>(network, layer, source, t, [&](const Positions& path) {
            auto worth = semiring.one();
            for (std::size_t l = layer; l > 0; --l) {
                worth = semiring.multiply(worth, edge(network.capacity(l, path[l], path[l - 1])));
                auto& slot = best[l - 1].try_emplace(path[l - 1], semiring.zero()).first->second;
                slot = semiring.add(slot, worth);
            }
        });
    }
    if (!best[0].contains(token)) return {};
    Positions path{token};
    for (std::size_t l = 1; l < layer; ++l) {
        for (const auto& [k, worth] : best[l]) {
            if (semiring.multiply(worth, edge(network.capacity(l, k, path.front()))) ==
                best[l - 1].at(path.front())) {
                path.insert(path.begin(), k);
                break;
            }
        }
    }
    path.insert(path.begin(), source);
    return path;
}

}  // namespace

TEST_CASE("best paths by hand", "[paths]") {
    const LayeredNetwork<double> network({2, 3, 2}, {0.5, 0.25,        // layer 1
                                                     0.0, 1.0,         //
                                                     0.75, 0.0,        //
                                                     0.5, 0.25, 0.25,  // layer 2
                                                     0.0, 0.0, 1.0});
    const Positions both{0, 1};
    const auto widest = best_paths(MaxMin<double>(), network, 2, both);
    CHECK(path_of(widest, 0, 0) == Positions{0, 0, 0});
    CHECK(path_of(widest, 0, 1) == Positions{0, 0, 1});  // ties with 0, 1, 1
    CHECK(path_of(widest, 1, 0) == Positions{1, 2, 0});
    CHECK(path_of(widest, 1, 1).empty());
    const auto product = best_paths(MaxTimes<double>(), network, 2, both);
    CHECK(path_of(product, 0, 1) == Positions{0, 1, 1});  // 1/4 against 1/8
    const auto one_layer = best_paths(MaxMin<double>(), network, 1, Positions{2});
    CHECK(path_of(one_layer, 0, 0) == Positions{2, 0});
    CHECK(path_of(one_layer, 0, 1).empty());
}

TEST_CASE("where all paths tie, the canonical one keeps to the lowest positions", "[paths]") {
    const LayeredNetwork<double> network({3, 3, 3, 3}, std::vector<double>(27, 0.25));
    const auto paths = best_paths(MaxMin<double>(), network, 3, Positions{2});
    CHECK(path_of(paths, 0, 1) == Positions{2, 0, 0, 1});
}

TEST_CASE("best paths are the canonical ones of the definition", "[paths]") {
    for (const char* name : {"ties", "diffuse", "sparse", "varying_widths", "causal"}) {
        for (std::uint64_t seed = 0; seed < 8; ++seed) {
            INFO(name << ", seed " << seed);
            const auto network = network_generators().at(name).make()->generate({4, 4}, seed);
            for (std::size_t layer = 1; layer <= network.layers(); ++layer) {
                Positions sources(network.width(layer));
                std::iota(sources.begin(), sources.end(), std::size_t{0});
                const auto check = [&](const auto& semiring) {
                    const auto table = best_paths(semiring, network, layer, sources);
                    for (const std::size_t s : sources) {
                        for (std::size_t t = 0; t < network.width(0); ++t) {
                            CHECK(path_of(table, s, t) == canonical(semiring, network, layer, s, t));
                        }
                        // Alone or among others: the same path.
                        const auto alone = best_paths(semiring, network, layer, Positions{s});
                        for (std::size_t t = 0; t < network.width(0); ++t)
                            CHECK(path_of(alone, 0, t) == path_of(table, s, t));
                    }
                };
                check(MaxMin<double>());
                check(MaxTimes<double>());
                check(MinPlus{2.0});
            }
        }
    }
}
