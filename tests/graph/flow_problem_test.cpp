#include <catch2/catch.hpp>

#include "graph/flow_problem.hpp"

using namespace attnflow;

namespace {

//   0 -> 1 -> 3 -> 4, 0 -> 2 -> 3, a parallel 2 -> 3, an edge back into the source, a dead end 5,
//   a loop at 1, an edge without capacity.
FlowProblem layered_in_disguise() {
    return {6,
            {{0, 1, 4},
             {1, 3, 2},
             {3, 4, 9},
             {0, 2, 5},
             {2, 3, 1},
             {2, 3, 3},
             {3, 0, 7},
             {1, 5, 8},
             {1, 1, 6},
             {1, 4, 0}},
            0,
            4};
}

}  // namespace

TEST_CASE("edges that no flow can use are told apart", "[flow_problem]") {
    CHECK(useful_edges(layered_in_disguise()) ==
          std::vector<bool>{true, true, true, true, true, true, false, false, false, false});
}

TEST_CASE("a problem in layers is found, parallel edges share a slot", "[flow_problem]") {
    const FlowProblem problem = layered_in_disguise();
    const LayeringResult result = find_layers(problem);
    REQUIRE(result.layered);
    const LayeredProblem& layered = *result.layered;
    CHECK(layered.network == FixedNetwork({1, 1, 2, 1}, {9, 2, 4, 4, 5}));
    CHECK(layered.source == 4);
    CHECK(layered.sink == 0);
    CHECK(layered.slot_of_edge[4] == layered.slot_of_edge[5]);
    CHECK_FALSE(layered.slot_of_edge[8]);
    // 6 units: 2 through vertex 1, 4 through vertex 2, of which the first parallel edge takes 1.
    const auto flows = layered.edge_flows(problem, std::vector<std::int64_t>{3, 0, 0, 2, 1});
    CHECK(flows == std::vector<std::int64_t>{2, 2, 6, 4, 1, 3, 0, 0, 0, 0});
    CHECK(certify_flow(problem, 6, flows).holds);
}

TEST_CASE("a problem without layers says why", "[flow_problem]") {
    CHECK(find_layers({3, {{0, 1, 1}, {1, 2, 1}, {0, 2, 1}}, 0, 2}).obstacle ==
          "the edge from 2 to 3 leads from 1 to 1 steps from the source");
    CHECK(find_layers({3, {{0, 1, 1}, {2, 1, 1}}, 0, 2}).obstacle == "no path leads from source to sink");
    // A fan of 3000 disjoint paths is layered, but dense matrices would not pay.
    FlowProblem fan{6002, {}, 6000, 6001};
    for (Vertex v = 0; v < 3000; ++v) {
        fan.edges.push_back({6000, v, 1});
        fan.edges.push_back({v, v + 3000, 1});
        fan.edges.push_back({v + 3000, 6001, 1});
    }
    CHECK(find_layers(fan).obstacle == "9000 edges are too few for matrices of 9.01e+06 capacities");
}

TEST_CASE("a flow on any graph is proved or refused", "[flow_problem]") {
    // A cycle 1 -> 2 -> 1 on the way.
    const FlowProblem problem{4, {{0, 1, 5}, {1, 2, 4}, {2, 1, 9}, {2, 3, 3}, {0, 2, 2}, {1, 3, 1}}, 0, 3};
    const auto certificate = certify_flow(problem, 4, std::vector<std::int64_t>{2, 1, 0, 3, 2, 1});
    CHECK(certificate.failure == "");
    CHECK(certificate.holds);
    CHECK(certificate.source_side == std::vector<bool>{true, true, true, false});
    CHECK(certificate.cut_edges == std::vector<std::size_t>{3, 5});
    const auto failure = [&](std::int64_t value, const std::vector<std::int64_t>& flow) {
        return certify_flow(problem, value, flow).failure;
    };
    CHECK(failure(4, {2, 1, 0, 4, 3, 1}) == "capacity: the edge from 3 to 4 carries 4, its capacity is 3");
    CHECK(failure(4, {3, 1, 0, 3, 2, 1}) == "conservation: vertex 1 receives -5 more than it sends, expected -4");
    CHECK(failure(3, {1, 0, 0, 2, 2, 1}) == "maximality: more than 3 can reach the sink");
}

TEST_CASE("capacities beyond the limit are refused before they are added", "[flow_problem]") {
    constexpr std::int64_t most = largest_layer_sum<std::int64_t>;
    CHECK(find_layers({2, {{0, 1, most - 1}, {0, 1, 1}}, 0, 1}).layered);
    CHECK_THROWS_WITH(find_layers({2, {{0, 1, most}, {0, 1, 1}}, 0, 1}),
                      "flow problem: the capacities sum to more than 4611686018427387903; scale them down");
    CHECK_THROWS_WITH(find_layers({2, {{0, 1, -1}}, 0, 1}),
                      "flow problem: the edge from 1 to 2 has the capacity -1");
}
