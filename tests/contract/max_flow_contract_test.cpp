/// All registered max-flow solvers on all registered generators; see experiments/contracts/max_flow_contract.hpp
/// for the clauses. A solver that is added to the registry is tested here without a line.
///
///   attnflow_contract_tests "[contract]"       a few seconds
///   attnflow_contract_tests "[contract-long]"  larger networks and many more seeds, minutes

#include <array>
#include <limits>

#include <catch2/catch.hpp>

#include "algorithms/maxflow/stored_graph.hpp"
#include "experiments/contracts/max_flow_contract.hpp"
#include "tests/oracles.hpp"

using namespace attnflow;
using namespace attnflow::testing;

namespace {

/// Solvers that find something else for an instance are named in the result; "" when all agree.
std::string disagreement(const FlowInstance& instance, std::uint64_t seed, std::optional<FlowAnswer> answer = {}) {
    for (const auto& entry : max_flow_solvers().entries()) {
        MaxFlowContract contract([&entry] { return entry.make(); }, instance, seed);
        if (std::string failure = contract.violation(answer); !failure.empty()) {
            return fmt::format("{}: {}; {}", entry.info.name, failure, instance.name);
        }
    }
    return "";
}

void check_generators(std::size_t seeds, std::size_t most_layers, std::size_t most_tokens) {
    for (const auto& generator : network_generators().entries()) {
        for (std::uint64_t seed = 0; seed < seeds; ++seed) {
            const std::string failure =
                disagreement(draw_instance(generator, seed, most_layers, most_tokens), seed);
            REQUIRE(failure == "");
        }
    }
}

FlowInstance instance(std::string name, std::vector<std::size_t> widths, std::vector<std::int64_t> capacities,
                      std::size_t source = 0, std::size_t sink = 0) {
    FixedNetwork g(std::move(widths), std::move(capacities));
    const Vertex top = g.vertex(g.layers(), source);
    return {std::move(name), std::move(g), top, static_cast<Vertex>(sink)};
}

}  // namespace

TEST_CASE("solvers keep their contract on generated networks", "[contract][maxflow]") {
    check_generators(300, 6, 9);
}

TEST_CASE("solvers keep their contract on larger networks", "[.][contract-long]") {
    check_generators(1000, 6, 9);
    check_generators(20, 12, 40);
}

TEST_CASE("solvers find the minimum cut of every small network", "[contract][maxflow]") {
    // Every network of two layers with capacities 0, 1, 2 on two tokens, and of three with 0, 1.
    ResidualState<std::int64_t> state;
    for (const auto& [layers, values] : {std::pair{2, 3}, std::pair{3, 2}}) {
        const std::vector<std::size_t> widths(static_cast<std::size_t>(layers) + 1, 2);
        const std::size_t slots = FixedNetwork::slots_for(widths);
        std::vector<std::int64_t> capacities(slots, 0);
        for (bool more = true; more;) {
            const FixedNetwork g(widths, capacities);
            const Vertex source = g.vertex(g.layers(), 0);
            const std::int64_t expected = brute_force_min_cut(g, source, 0);
            for (const auto& entry : max_flow_solvers().entries()) {
                const std::int64_t value = entry.make()->solve(g, source, 0, state);
                if (value != expected) {
                    FAIL(entry.info.name << " finds " << value << ", the minimum cut is " << expected);
                }
            }
            more = false;
            for (std::size_t s = 0; s < slots && !more; ++s) {  // count up
                more = ++capacities[s] < values;
                if (!more) capacities[s] = 0;
            }
        }
    }
}

TEST_CASE("solvers find the exhaustive minimum cut up to 8 tokens and 4 layers", "[contract][maxflow]") {
    ResidualState<std::int64_t> state;
    std::uint64_t seed = 0;
    for (const auto& generator : network_generators().entries()) {
        for (std::size_t n = 1; n <= 8; ++n) {
            for (std::size_t layers = 1; layers <= 4; ++layers) {
                const FixedNetwork g = Quantiser()(generator.make()->generate({layers, n}, ++seed)).network;
                Random random(seed);
                const Vertex source = g.vertex(layers, random.below(g.width(layers)));
                const Vertex sink = g.vertex(0, random.below(n));
                const std::int64_t expected = brute_force_min_cut(g, source, sink);
                for (const auto& entry : max_flow_solvers().entries()) {
                    INFO(entry.info.name << " on " << generator.info.name << ", layers " << layers << ", tokens "
                                         << n << ", seed " << seed);
                    REQUIRE(entry.make()->solve(g, source, sink, state) == expected);
                }
            }
        }
    }
}

TEST_CASE("solvers keep their contract at the edges", "[contract][maxflow]") {
    const std::int64_t largest = largest_layer_sum<std::int64_t>;
    const std::int64_t limit = largest / 2 - 1;  // even, and two of them are a legal layer
    const auto check = [](const FlowInstance& i, std::int64_t value, std::vector<Vertex> source_side) {
        CHECK(disagreement(i, 1, FlowAnswer{value, std::move(source_side)}) == "");
    };
    check(instance("one edge", {1, 1}, {5}), 5, {1});
    check(instance("one path", {1, 1, 1, 1}, {5, 3, 4}), 3, {2, 3});
    check(instance("only path among others", {2, 2, 2}, {0, 7, 4, 0, 0, 6, 9, 0}), 4, {3, 4});
    check(instance("no capacity", {2, 2, 2}, std::vector<std::int64_t>(8, 0)), 0, {4});
    check(instance("unconnected", {2, 2, 2}, {1, 0, 0, 1, 1, 0, 0, 1}, 0, 1), 0, {0, 2, 4});
    check(instance("equal capacities", {3, 3, 3}, std::vector<std::int64_t>(18, 4)), 12, {6});
    check(instance("one vertex in the middle", {3, 1, 3}, {2, 2, 2, 1, 5, 9}, 1), 2, {1, 2, 3, 5});
    check(instance("largest capacity", {1, 1, 1}, {largest, largest}), largest, {2});
    check(instance("largest sum", {1, 2, 1}, {largest - 1, 1, 1, largest - 1}), 2, {2, 3});
    check(instance("fixed-point limit", {1, 2, 2, 1},
                   {limit, limit, limit / 2, limit / 2, limit / 2, limit / 2, limit, limit - 1}),
          2 * limit - 1, {5});
}

TEST_CASE("Boost's solvers find the same on a stored copy", "[contract][maxflow]") {
    ResidualState<std::int64_t> state;
    for (const auto& generator : network_generators().entries()) {
        for (std::uint64_t seed = 0; seed < 10; ++seed) {
            const FlowInstance i = draw_instance(generator, seed, 6, 9);
            StoredGraph copy = StoredGraph::of(i.network);
            for (const auto& entry : max_flow_solvers().entries()) {
                const std::int64_t value = entry.make()->solve(i.network, i.source, i.sink, state);
                const auto able = StoredGraph::solvers();
                const bool same = std::find(able.begin(), able.end(), entry.info.name) != able.end();
                const std::string solver = same ? entry.info.name : "push_relabel";
                INFO(entry.info.name << " against " << solver << " on " << i.name);
                CHECK(copy.solve(solver, i.source, i.sink) == value);
            }
        }
    }
}

// Solvers that are wrong in one way each. The contract must notice every one of them.

namespace {

/// The first solver of the registry, and what a mistake makes of its answer.
class Mistaken : public MaxFlowFamily::Interface {
public:
    using Mistake = std::function<void(const FixedNetwork& network, Vertex source, Vertex sink,
                                       std::int64_t& value, ResidualState<std::int64_t>& state)>;

    explicit Mistaken(Mistake mistake) : mistake_(std::move(mistake)) {}

    std::int64_t solve(const FixedNetwork& network, Vertex source, Vertex sink,
                       ResidualState<std::int64_t>& state) override {
        std::int64_t value = right_->solve(network, source, sink, state);
        mistake_(network, source, sink, value, state);
        return value;
    }

private:
    std::unique_ptr<MaxFlowFamily::Interface> right_ = max_flow_solvers().entries().front().make();
    Mistake mistake_;
};

/// The first clause that the mistake breaks on some of a few hundred instances, "" when unnoticed.
std::string noticed(const Mistaken::Mistake& mistake) {
    for (const auto& generator : network_generators().entries()) {
        for (std::uint64_t seed = 0; seed < 30; ++seed) {
            const FlowInstance i = draw_instance(generator, seed, 5, 6);
            std::optional<FlowAnswer> answer;
            MaxFlowContract right([] { return max_flow_solvers().entries().front().make(); }, i, seed);
            REQUIRE(right.violation(answer) == "");
            MaxFlowContract wrong([&] { return std::make_unique<Mistaken>(mistake); }, i, seed);
            if (std::string failure = wrong.violation(answer); !failure.empty()) {
                return failure.substr(0, failure.find(':'));
            }
        }
    }
    return "";
}

}  // namespace

TEST_CASE("the contract notices solvers that are wrong", "[contract][maxflow]") {
    using State = ResidualState<std::int64_t>;
    CHECK(noticed([](const FixedNetwork&, Vertex, Vertex, std::int64_t&, State&) {}) == "");
    CHECK(noticed([](const FixedNetwork&, Vertex, Vertex, std::int64_t& value, State&) { ++value; }) == "value");
    CHECK(noticed([](const FixedNetwork& g, Vertex, Vertex, std::int64_t& value, State& state) {
              value = 0;  // finds nothing at all
              std::copy(g.capacities().begin(), g.capacities().end(), state.data());
          }) == "maximality");
    CHECK(noticed([](const FixedNetwork& g, Vertex source, Vertex, std::int64_t&, State& state) {
              ++state.data()[g.slot(g.layer_of(source), g.position_of(source), 0)];
          }) == "capacity");
    CHECK(noticed([](const FixedNetwork& g, Vertex source, Vertex sink, std::int64_t&, State& state) {
              // Lets flow vanish: a preflow that was never turned into a flow.
              if (g.layer_of(source) == g.layer_of(sink) + 1) return;
              for (std::size_t s = g.first_slot(g.layer_of(sink) + 1); s < g.first_slot(g.layer_of(sink) + 2);
                   ++s) {
                  if (s % g.width(g.layer_of(sink)) != g.position_of(sink) && state.data()[s] > 0) {
                      --state.data()[s];
                      return;
                  }
              }
          }) == "conservation");
    int calls = 0;
    CHECK(noticed([&calls](const FixedNetwork& g, Vertex, Vertex, std::int64_t& value, State& state) {
              if (++calls % 2 == 1) return;  // right every other time
              value = 0;
              std::copy(g.capacities().begin(), g.capacities().end(), state.data());
          }) == "repeatable");
    CHECK(noticed([](const FixedNetwork& g, Vertex, Vertex, std::int64_t& value, State&) {
              // Overlooks the first token of the input whenever the network was not the first one seen.
              if (*std::max_element(g.capacities().begin(), g.capacities().end()) > (std::int64_t{1} << 40))
                  value /= 2;
          }) == "scaling");
}
