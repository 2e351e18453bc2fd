/// The whole engine against dinic, certificates and cuts summed up from their vertices, on networks as wide as
/// sentences are long: two, three and four words of bits a row.

#include <catch2/catch.hpp>

#include "graph/generators/network_generator.hpp"
#include "graph/quantiser.hpp"
#include "graph/support/assert.hpp"
#include "tests/differential/differential.hpp"
#include "tests/differential/networks.hpp"

using namespace attnflow;
using namespace attnflow::testing;

namespace {

using Kind = Question::Kind;

/// Single pairs, then every layer, then rows and single pairs again. `rows` sources of a layer, 0 for all of them.
std::vector<Question> questions_of(const FixedNetwork& network, std::size_t rows, std::uint64_t seed) {
    Random random(seed);
    std::vector<Question> questions;
    const auto position = [&](std::size_t layer) { return random.below(network.width(layer)); };
    const auto add_rows = [&](std::size_t layer, std::size_t count) {
        Question q{Kind::flows, layer};
        while (q.sources.size() < count) q.sources.push_back(position(layer));
        questions.push_back(q);
    };
    const auto add_pairs = [&](std::size_t layer) {
        for (const Kind kind : {Kind::flow, Kind::source_side, Kind::flow}) {
            questions.push_back({kind, layer, {position(layer)}, position(0)});
        }
    };
    const std::size_t top = network.layers();
    add_pairs(top);
    if (rows == 0) {
        questions.push_back({Kind::all_layers});
    } else {
        for (std::size_t layer = top; layer > 0; --layer) add_rows(layer, rows);
    }
    add_rows((top + 2) / 2, 2);
    add_rows(top, 3);
    add_pairs((top + 2) / 2);
    add_pairs(top);
    return questions;
}

// Where everything is checked edge by edge (graph/support/assert.hpp) fewer sources have to do: a builder's
// patience.
#if ATTNFLOW_ASSERT_LEVEL >= 2
constexpr bool few_sources = true;
#else
constexpr bool few_sources = false;
#endif

/// Every generator at the default bits. Of each matrix one in `one_in` pairs.
void check_generators(NetworkSize size, std::size_t rows, std::size_t one_in) {
    if (few_sources) {
        rows = rows == 0 ? 4 : 1;
        one_in = 1 + one_in / 20;
        size.layers = std::min<std::size_t>(size.layers, 4);
    }
    for (const auto& entry : network_generators().entries()) {
        INFO(entry.info.name);
        const FixedNetwork network = Quantiser()(entry.make()->generate(size, 1)).network;
        DifferentialCounts counts;
        CHECK(disagreement(network, questions_of(network, rows, size.tokens), counts,
                           {.one_in = one_in, .lemon = false}) == "");
        CHECK(counts.flows > 0);
    }
}

}  // namespace

TEST_CASE("whole engine: every generator, all pairs of every layer, 65 tokens", "[flow_engine]") {
    check_generators({.layers = 4, .tokens = 65}, 0, 200);
}

TEST_CASE("whole engine: every generator, all pairs of every layer, 130 tokens", "[flow_engine]") {
    check_generators({.layers = 3, .tokens = 130}, 0, 1000);
}

TEST_CASE("whole engine: every generator, rows of every layer, 130 tokens", "[flow_engine]") {
    check_generators({.layers = 6, .tokens = 130}, 6, 150);
}

TEST_CASE("whole engine: every generator, rows of every layer, 200 tokens", "[flow_engine]") {
    check_generators({.layers = 5, .tokens = 200}, 3, 100);
}
