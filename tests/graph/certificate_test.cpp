#include <catch2/catch.hpp>

#include "graph/certificate.hpp"

using namespace attnflow;

namespace {

//  layer 2   (2,0)  [3 2]      from (2,0): 3 to (1,0), 2 to (1,1)
//  layer 1   (1,0) (1,1)       (1,0): 1 to (0,0), 4 to (0,1)
//  layer 0   (0,0) (0,1)       (1,1): 5 to (0,0), 0 to (0,1)
// Max flow to (0,0): 1 through (1,0), 2 through (1,1): 3.
const FixedNetwork& example() {
    static const FixedNetwork network({2, 2, 1}, {1, 4, 5, 0, 3, 2});
    return network;
}

// Flow by slot, as residuals.
std::vector<std::int64_t> residual_of(const std::vector<std::int64_t>& flow) {
    std::vector<std::int64_t> residual;
    for (std::size_t s = 0; s < flow.size(); ++s) residual.push_back(example().capacities()[s] - flow[s]);
    return residual;
}

Certificate certify(const std::vector<std::int64_t>& flow, std::int64_t value) {
    const auto& g = example();
    return certify_max_flow(g, g.vertex(2, 0), g.vertex(0, 0), value, residual_of(flow));
}

}  // namespace

TEST_CASE("a maximum flow is proved by its source-minimal cut", "[certificate]") {
    const auto& g = example();
    const auto certificate = certify({1, 0, 2, 0, 1, 2}, 3);
    CHECK(certificate.failure.empty());
    CHECK(certificate.holds);
    CHECK(certificate.cut_capacity == 3);
    // (1,0) is reachable, and through it (0,1); the sink and (1,1) are not.
    CHECK(certificate.source_side == std::vector<Vertex>{g.vertex(0, 1), g.vertex(1, 0), g.vertex(2, 0)});
}

TEST_CASE("what is not a maximum flow is refused with vertex and numbers", "[certificate]") {
    CHECK(certify({2, 0, 2, 0, 2, 2}, 4).failure ==
          "capacity: the edge from vertex (layer 1, position 0) to vertex (layer 0, position 0) carries 2, its "
          "capacity is 1");
    CHECK(certify({-1, 0, 2, 0, -1, 2}, 1).failure ==
          "capacity: the edge from vertex (layer 1, position 0) to vertex (layer 0, position 0) carries -1, its "
          "capacity is 1");
    CHECK(certify({1, 0, 2, 0, 3, 2}, 3).failure ==
          "conservation: vertex (layer 1, position 0) receives 2 more than it sends");
    CHECK(certify({1, 0, 2, 0, 1, 2}, 4).failure ==
          "value: vertex (layer 0, position 0) receives 3 net, the reported value is 4");
    CHECK(certify({1, 0, 1, 0, 1, 1}, 2).failure ==
          "maximality: vertex (layer 0, position 0) can still be reached from vertex (layer 2, position 0) in the "
          "residual network, so 2 is not the maximum");
    CHECK_FALSE(certify({0, 0, 0, 0, 0, 0}, 0).holds);
}

TEST_CASE("a sink that cannot be reached has the certified flow 0", "[certificate]") {
    const FixedNetwork g({2, 1}, {0, 5});
    const std::vector<std::int64_t> residual{0, 5};
    const auto certificate = certify_max_flow(g, g.vertex(1, 0), g.vertex(0, 0), 0, residual);
    CHECK(certificate.holds);
    CHECK(certificate.cut_capacity == 0);
}
