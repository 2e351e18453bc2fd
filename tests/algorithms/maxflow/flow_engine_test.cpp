#include <catch2/catch.hpp>

#include "algorithms/maxflow/boykov_kolmogorov.hpp"
#include "algorithms/maxflow/dinic.hpp"
#include "algorithms/maxflow/flow_engine.hpp"
#include "graph/certificate.hpp"
#include "graph/generators/network_generator.hpp"
#include "tests/algorithms/maxflow/layered_instances.hpp"

using namespace attnflow;

namespace {

/// Every pair: value, binding cut and source side against Boykov-Kolmogorov, the certificate and
/// the classifier.
void check_pairs(const FixedNetwork& network, FlowEngine& engine, const FlowMatrix& flows) {
    BoykovKolmogorov reference;
    ResidualState<std::int64_t> state;
    CutClassifier classifier(network, flows.layer);
    REQUIRE(flows.sources.size() == network.width(flows.layer));
    for (std::size_t s = 0; s < flows.sources.size(); ++s) {
        for (std::size_t t = 0; t < network.width(0); ++t) {
            INFO("layer " << flows.layer << " source " << s << " sink " << t << " settled by "
                          << to_string(flows.settled_by(s, t)));
            const Vertex source = network.vertex(flows.layer, s);
            const Vertex sink = network.vertex(0, t);
            const auto value = reference.solve(network, source, sink, state);
            REQUIRE(flows.values(s, t) == value);
            REQUIRE(flows.cuts(s, t).text() == classifier.classify(s, t, value).text());
            const PairFlow single = engine.flow(flows.layer, s, t);
            REQUIRE(single.value == value);
            REQUIRE(single.cut == flows.cuts(s, t));
            if (flows.cuts(s, t).kind == CutKind::interior) {
                const auto certificate = certify_max_flow(network, source, sink, value, state.forward());
                REQUIRE(engine.source_side(flows.layer, s, t) == certificate.source_side);
            }
        }
    }
}

void check_layer(const FixedNetwork& network, std::size_t layer) {
    FlowEngine engine(network);
    check_pairs(network, engine, engine.all_pairs(layer));
}

FlowCounters check_all_layers(const FixedNetwork& network, std::size_t jobs = 1) {
    FlowEngine engine(network, {.jobs = jobs});
    FlowCounters counters;
    const auto layers = engine.all_layers();
    REQUIRE(layers.size() == network.layers());
    for (const FlowMatrix& flows : layers) {
        counters.add(flows.counters);
        check_pairs(network, engine, flows);
    }
    return counters;
}

}  // namespace

TEST_CASE("flow engine: awkward networks, every layer and pair", "[flow_engine]") {
    for (std::uint64_t seed = 1000; seed < 1400; ++seed) {
        INFO("seed " << seed);
        check_all_layers(awkward_network(seed));
    }
}

TEST_CASE("flow engine: attention of every kind, every layer and pair", "[flow_engine]") {
    std::uint64_t seed = 0;
    FlowCounters counters;
    for (const double skip : {0.0, 0.5, 0.9}) {
        for (const bool causal : {false, true}) {
            for (const double sharpness : {0.3, 3.0}) {
                for (const double sigma : {0.0, 1.0, 3.0}) {
                    for (const int bits : {30, 40}) {
                        INFO("seed " << seed);
                        counters.add(check_all_layers(attention_network({.tokens = 10,
                                                                         .layers = 6,
                                                                         .skip = skip,
                                                                         .sigma = sigma,
                                                                         .sharpness = sharpness,
                                                                         .causal = causal,
                                                                         .bits = bits},
                                                                        seed++)));
                    }
                }
            }
        }
    }
    // Every way of proving a flow was tried.
    for (const SettledBy by : all_settled_by) CHECK(counters.pairs(by) > 0);
}

TEST_CASE("flow engine: n = 1 to 40, all pairs of the top layer", "[flow_engine]") {
    BoykovKolmogorov reference;
    ResidualState<std::int64_t> state;
    for (std::size_t n = 1; n <= 40; ++n) {
        const auto network = attention_network({.tokens = n, .layers = 4, .sigma = 2.0}, n);
        const auto flows = FlowEngine(network).all_pairs(4);
        for (std::size_t s = 0; s < n; ++s) {
            for (std::size_t t = 0; t < n; ++t) {
                INFO("n " << n << " source " << s << " sink " << t);
                REQUIRE(flows.values(s, t) ==
                        reference.solve(network, network.vertex(4, s), network.vertex(0, t), state));
            }
        }
    }
}

TEST_CASE("flow engine: causal, n = 1 to 40, every pair", "[flow_engine]") {
    for (std::size_t n = 1; n <= 40; ++n) {
        INFO("n " << n);
        const double sigma = static_cast<double>(n % 4);
        const AttentionShape shape{.tokens = n, .layers = 3 + n % 8, .sigma = sigma, .causal = true};
        check_layer(attention_network(shape, n), shape.layers);
    }
}

TEST_CASE("flow engine: causal, a sink later than the source, of which no path leads there", "[flow_engine]") {
    constexpr std::size_t n = 70;  // sink and source in different blocks and words
    const FixedNetwork network = attention_network({.tokens = n, .layers = 4, .causal = true}, 1);
    FlowEngine engine(network);
    Dinic dinic;
    ResidualState<std::int64_t> state;
    for (const auto& [source, sink] : {std::pair<std::size_t, std::size_t>{0, 69}, {3, 4}, {5, 68}, {62, 65}}) {
        INFO(source << " to " << sink);
        const Vertex from = network.vertex(4, source);
        const Vertex to = network.vertex(0, sink);
        CHECK(engine.flow(4, source, sink).value == 0);
        CHECK(dinic.solve(network, from, to, state) == 0);
        CHECK(engine.source_side(4, source, sink) ==
              certify_max_flow(network, from, to, 0, state.forward()).source_side);
    }
}

TEST_CASE("flow engine: causal with missing edges and wide integers", "[flow_engine]") {
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        INFO("seed " << seed);
        Random random(seed);
        const std::size_t n = 2 + random.below(12);
        const std::size_t layers = 2 + random.below(6);
        const std::int64_t largest = random.below(2) == 0 ? 20 : std::int64_t{1} << 40;
        std::vector<std::int64_t> capacities;
        for (std::size_t l = 0; l < layers; ++l) {
            for (std::size_t i = 0; i < n; ++i) {
                for (std::size_t j = 0; j < n; ++j) {
                    const bool edge = j <= i && random.below(4) > 0;
                    const auto capacity = 1 + random.below(static_cast<std::uint64_t>(largest));
                    capacities.push_back(edge ? static_cast<std::int64_t>(capacity) : 0);
                }
            }
        }
        check_all_layers(FixedNetwork(std::vector<std::size_t>(layers + 1, n), std::move(capacities)));
    }
}

TEST_CASE("flow engine: rows that fill 32 bits, columns that do not fit", "[flow_engine]") {
    for (std::uint64_t seed = 1; seed <= 600; ++seed) {
        INFO("seed " << seed);
        const auto network = brimful_network(seed);
        check_all_layers(network);
    }
}

TEST_CASE("flow engine: a column whose cells together pass 2^32", "[flow_engine]") {
    // Eight vertices pour half of what they have into (1, 12), from where 10 units get to token 0,
    // beside four full edges into it that nothing reaches.
    constexpr std::size_t n = 14;
    constexpr std::int64_t one = std::int64_t{1} << 30;
    std::vector<std::int64_t> capacities(3 * n * n, 0);
    const auto edge = [&](std::size_t l, std::size_t i, std::size_t j) -> std::int64_t& {
        return capacities[((l - 1) * n + i) * n + j];
    };
    for (std::size_t i = 0; i < n; ++i) {
        edge(1, i, i < 4 ? 0 : 1) = one;
        for (std::size_t x = 4; x < 12; ++x) edge(3, i, x) = one / 8;
        if (i < 4) {
            edge(2, i, i) = one;
        } else if (i < 12) {
            edge(2, i, 12) = edge(2, i, 5) = one / 2;
        } else {
            edge(2, i, 6) = one;
        }
    }
    edge(1, 12, 0) = 10;
    edge(1, 12, 1) = one - 10;
    const FixedNetwork network(std::vector<std::size_t>(4, n), std::move(capacities));
    FlowEngine engine(network);
    CHECK(engine.all_pairs(3).values(5, 0) == 10);
    CHECK(engine.flow(3, 5, 0).value == 10);
    CHECK_THROWS_AS(engine.source_side(4, 0, 0), ParameterError);
    CHECK_THROWS_AS(engine.source_side(3, n, 0), ParameterError);
    CHECK_THROWS_AS(engine.source_side(3, 0, n), ParameterError);
}

TEST_CASE("flow engine: any set of sources gives the rows of all pairs", "[flow_engine]") {
    const auto network = attention_network({.tokens = 10, .layers = 5, .sigma = 2.0}, 7);
    FlowEngine engine(network);
    const auto all = engine.all_pairs(5);
    const std::size_t chosen[] = {7, 2, 2};
    const auto some = engine.flows(5, chosen);
    REQUIRE(some.values.rows() == 3);
    for (std::size_t r = 0; r < 3; ++r) {
        for (std::size_t t = 0; t < 10; ++t) {
            CHECK(some.values(r, t) == all.values(chosen[r], t));
            CHECK(some.cuts(r, t) == all.cuts(chosen[r], t));
        }
    }
    CHECK(engine.flows(5, {}).values.rows() == 0);
}

TEST_CASE("flow engine: the number of jobs changes no bit", "[flow_engine]") {
    const bool causal = GENERATE(false, true);
    const auto network =
        attention_network({.tokens = 24, .layers = 6, .sigma = 3.0, .sharpness = 2.0, .causal = causal}, 3);
    const auto one = FlowEngine(network).all_layers();
    for (const std::size_t jobs : {2, 5}) {
        const auto many = FlowEngine(network, {.jobs = jobs}).all_layers();
        for (std::size_t l = 0; l < one.size(); ++l) {
            CHECK(one[l].values == many[l].values);
            CHECK(one[l].cuts == many[l].cuts);
            CHECK(one[l].settled_by == many[l].settled_by);
            CHECK(one[l].counters.waves == many[l].counters.waves);
            CHECK(one[l].counters.edges_scanned == many[l].counters.edges_scanned);
        }
    }
}

TEST_CASE("flow engine: phases left out change neither values nor cuts", "[flow_engine]") {
    const auto sparse = awkward_network(77, 6, 9);
    for (const FixedNetwork& network :
         {attention_network({.tokens = 14, .layers = 9, .sigma = 3.0}, 5),
          attention_network({.tokens = 20, .layers = 3, .sigma = 2.0, .bits = 40}, 6),
          attention_network({.tokens = 12, .layers = 5, .sigma = 1.0, .causal = true}, 7), sparse}) {
        const auto expected = FlowEngine(network).all_layers();
        std::vector<std::string> all;
        const auto check = [&](const std::vector<std::string>& without) {
            INFO("without " << without.front() << ", " << without.size() << " in all");
            FlowEngine engine(network, {.without = without});
            const auto layers = engine.all_layers();
            for (std::size_t l = 0; l < layers.size(); ++l) {
                CHECK(layers[l].values == expected[l].values);
                CHECK(layers[l].cuts == expected[l].cuts);
            }
            CHECK(engine.flow(network.layers(), 0, 0).value == expected.back().values(0, 0));
        };
        for (const EnginePhase& phase : FlowEngine::phases()) {
            CHECK(phase.why != "");
            check({phase.name});
            all.push_back(phase.name);
        }
        check(all);
    }
    const FixedNetwork network({1, 1}, {1});
    CHECK_THROWS_WITH(FlowEngine(network, {.without = {"sweep"}}),
                      "flow engine: no phase 'sweep'; did you mean 'sweeps'?");
}

TEST_CASE("flow engine: progress counts the sinks, and throwing from it cancels", "[flow_engine]") {
    const auto network = attention_network({.tokens = 6, .layers = 3}, 1);
    std::size_t last_done = 0;
    std::size_t shared = 0;
    FlowEngine engine(network, {.jobs = 2, .progress = [&](std::size_t done, std::size_t total) {
                                    CHECK(total == 6);
                                    if (done == 0 && last_done == 0) {
                                        ++shared;
                                    } else {
                                        CHECK(done == ++last_done);
                                    }
                                }});
    engine.all_pairs(3);
    CHECK(last_done == 6);
    CHECK(shared >= 12);  // a sweep for each source and each sink
    // Sweeps settle every pair: the end is said all the same.
    const FixedNetwork easy({4, 4, 4}, std::vector<std::int64_t>(32, 5));
    std::pair<std::size_t, std::size_t> last{0, 0};
    FlowEngine swept(easy, {.progress = [&](std::size_t done, std::size_t total) { last = {done, total}; }});
    CHECK(swept.all_pairs(2).counters.pairs(SettledBy::sweeps) == 16);
    CHECK(last == std::pair<std::size_t, std::size_t>{4, 4});
    struct Cancelled {};
    FlowEngine cancelled(network, {.jobs = 2, .progress = [](std::size_t, std::size_t) { throw Cancelled(); }});
    CHECK_THROWS_AS(cancelled.all_pairs(3), Cancelled);
}

TEST_CASE("flow engine: cancelled while sweeps are made, it can start anew", "[flow_engine]") {
    const auto network = attention_network({.tokens = 12, .layers = 9, .sigma = 2.0}, 1);
    struct Cancelled {};
    std::size_t calls = 0;
    std::size_t last = 0;
    FlowEngine engine(network, {.progress = [&](std::size_t done, std::size_t) {
                          if (++calls < last) return;
                          CHECK(done == 0);
                          throw Cancelled();
                      }});
    for (last = 1; last <= 24; ++last) {  // a sweep for each sink and each source
        INFO("cancelled at call " << last);
        calls = 0;
        CHECK_THROWS_AS(engine.all_pairs(9), Cancelled);
    }
    last = std::numeric_limits<std::size_t>::max();
    const FlowMatrix flows = engine.all_pairs(9);
    const FlowMatrix expected = FlowEngine(network).all_pairs(9);
    CHECK(flows.values == expected.values);
    CHECK(flows.cuts == expected.cuts);
}

TEST_CASE("flow engine: layers and positions that do not exist are refused", "[flow_engine]") {
    const FixedNetwork network({3, 2}, {1, 2, 3, 4, 5, 6});
    FlowEngine engine(network);
    const std::size_t third[] = {2};
    CHECK_THROWS_WITH(engine.flows(1, third),
                      "flow engine: there is no position 2 in layer 1, it has 2 positions");
    CHECK_THROWS_WITH(engine.all_pairs(2),
                      "flow engine: there is no source layer 2, the network has layers 1 to 1");
    CHECK_THROWS_WITH(engine.all_pairs(0),
                      "flow engine: there is no source layer 0, the network has layers 1 to 1");
}

TEST_CASE("flow engine: every generator, every layer and pair", "[flow_engine]") {
    for (const auto& entry : network_generators().entries()) {
        INFO(entry.info.name);
        const auto generator = entry.make();
        for (std::uint64_t seed = 1; seed <= 3; ++seed) {
            INFO("seed " << seed);
            check_all_layers(Quantiser(30)(generator->generate({.layers = 4, .tokens = 8}, seed)).network);
        }
    }
}

TEST_CASE("flow engine: awkward deep networks, every pair of the top layer", "[flow_engine]") {
    for (std::uint64_t seed = 5000; seed < 5150; ++seed) {
        INFO("seed " << seed);
        const FixedNetwork network = awkward_network(seed, 12, 9);
        check_layer(network, network.layers());
    }
}

TEST_CASE("flow engine: deep networks with narrow layers", "[flow_engine]") {
    // Some sources cannot spread their mass in three layers, so half-flows meet a layer further down.
    const std::vector<std::size_t> widths{10, 12, 12, 14, 3, 4, 3, 3, 9, 4};
    for (std::uint64_t seed = 1; seed <= 30; ++seed) {
        INFO("seed " << seed);
        Random random(seed);
        std::vector<std::int64_t> capacities;
        for (std::size_t l = 1; l < widths.size(); ++l) {
            for (std::size_t e = 0; e < widths[l] * widths[l - 1]; ++e) {
                capacities.push_back(1 + static_cast<std::int64_t>(random.below(1000)));
            }
        }
        check_layer(FixedNetwork(widths, capacities), 9);
    }
}

TEST_CASE("flow engine: sources that send nearly all they have into the sink's lane", "[flow_engine]") {
    // In layer 3 one vertex has a wide edge to each sink's lane and little else to share between the others,
    // of which each is demanded a few units: any rounding that counts as mass would show.
    constexpr std::size_t layers = 4;
    for (std::uint64_t seed = 1; seed <= 300; ++seed) {
        INFO("seed " << seed);
        Random random(seed);
        const std::size_t extra = 1 + random.below(2);
        const std::size_t lanes = 3 + random.below(2);
        const std::size_t n = extra + lanes;
        const std::int64_t share = (std::int64_t{1} << 30) / static_cast<std::int64_t>(n);
        const auto below = [&](std::int64_t most) {
            return static_cast<std::int64_t>(random.below(static_cast<std::size_t>(most)));
        };
        const std::size_t heavy = random.below(lanes);
        const std::int64_t mass = share / 2 + below(share / 4);
        std::vector<std::int64_t> capacities;
        const auto lane = [&] { return (std::int64_t{1} << 29) + below(std::int64_t{1} << 28); };
        const auto add_layer = [&](const auto& capacity) {
            for (std::size_t i = 0; i < n; ++i) {
                for (std::size_t j = 0; j < n; ++j) capacities.push_back(capacity(i, j));
            }
        };
        add_layer([&](std::size_t i, std::size_t j) { return i == j ? lane() : 0; });
        add_layer([&](std::size_t i, std::size_t j) {
            if (i == j) return lane();
            return i >= lanes && j < lanes ? 1 + below(3) : std::int64_t{0};
        });
        add_layer([&](std::size_t i, std::size_t j) {
            if (i != heavy) return share - below(share / 8);
            return j < lanes ? mass - (5 + below(20)) : std::int64_t{0};
        });
        add_layer([&](std::size_t, std::size_t j) {
            return j == heavy ? mass : below(share / (std::int64_t{1} << random.below(12)));
        });
        check_layer(FixedNetwork(std::vector<std::size_t>(layers + 1, n), capacities), layers);
    }
}

TEST_CASE("flow engine: sinks that a narrow layer on the way does not have", "[flow_engine]") {
    // Half-flows meet below the narrow layer: the lane ends there and begins again above it.
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        INFO("seed " << seed);
        Random random(seed);
        const std::size_t n = 5 + random.below(4);
        const std::size_t narrow = 1 + random.below(2);
        const std::size_t layers = 8 + random.below(2);
        std::vector<std::size_t> widths(layers + 1, n);
        widths[layers - 3] = narrow;
        const std::size_t sink = narrow + random.below(n - narrow);
        constexpr std::int64_t unit = 600'000;
        std::vector<std::int64_t> capacities;
        for (std::size_t l = 1; l <= layers; ++l) {
            for (std::size_t i = 0; i < widths[l]; ++i) {
                for (std::size_t j = 0; j < widths[l - 1]; ++j) {
                    const auto noise = static_cast<std::int64_t>(random.below(100));
                    std::int64_t capacity = unit + noise;
                    if (l == 1) capacity = unit / 4 + noise;
                    if (l > 1 && l + 3 < layers) capacity = 4 * unit + noise;
                    if (l + 3 == layers) capacity = j == sink ? 10 * unit + noise : 1 + noise % 3;
                    if (l + 2 == layers) capacity = i == sink ? 10 * unit + noise : 1;
                    if (l + 1 == layers && j == sink) capacity = unit / 4 - noise;
                    capacities.push_back(capacity);
                }
            }
        }
        check_layer(FixedNetwork(widths, capacities), layers);
    }
}

TEST_CASE("flow engine: coarse fixed point stays within its error bound", "[flow_engine]") {
    for (const char* name : {"uneven_keys", "peaked", "no_skip", "causal"}) {
        INFO(name);
        const auto network = network_generators().at(name).make()->generate({.layers = 5, .tokens = 12}, 1);
        const auto fine = Quantiser(48)(network);
        const auto expected = FlowEngine(fine.network).all_pairs(5);
        for (const int bits : {8, 16, 30}) {
            INFO(bits << " bits");
            const auto coarse = Quantiser(bits)(network);
            const auto flows = FlowEngine(coarse.network).all_pairs(5);
            const double bound = coarse.fixed_point.error_bound + fine.fixed_point.error_bound;
            double largest = 0.0;
            for (std::size_t p = 0; p < 144; ++p) {
                const double difference =
                    static_cast<double>(flows.values.values()[p]) * coarse.fixed_point.unit() -
                    static_cast<double>(expected.values.values()[p]) * fine.fixed_point.unit();
                largest = std::max(largest, std::abs(difference));
            }
            CHECK(largest <= bound);
            CHECK(largest > 0.0);
        }
    }
}
