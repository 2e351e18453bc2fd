#include <catch2/catch.hpp>

#include "graph/layered_network.hpp"

using namespace attnflow;

TEST_CASE("a network of different widths numbers vertices and slots layer by layer", "[graph]") {
    //   layer 2:  0   1        A_2 (2 x 3)      A_1 (3 x 1)
    //   layer 1:  0   1   2    [1 0 2]          [4]
    //   layer 0:  0            [3 5 0]          [0]
    //                                           [6]
    const LayeredNetwork<double> g({1, 3, 2}, {4, 0, 6, 1, 0, 2, 3, 5, 0});
    CHECK(g.layers() == 2);
    CHECK(g.vertices() == 6);
    CHECK(g.slots() == 9);
    CHECK(g.edges() == 6);
    CHECK(g.vertex(0, 0) == 0);
    CHECK(g.vertex(1, 2) == 3);
    CHECK(g.vertex(2, 1) == 5);
    for (Vertex v = 0; v < g.vertices(); ++v) CHECK(g.vertex(g.layer_of(v), g.position_of(v)) == v);
    CHECK(g.capacity(2, 0, 2) == 2.0);
    CHECK(g.capacity(2, 1, 0) == 3.0);
    CHECK(g.slot(2, 1, 0) == 6);
    CHECK(g.first_slot(3) == g.slots());
    CHECK(g.row(2, 1)[1] == 5.0);
    CHECK(g.layer(1).size() == 3);
    CHECK_FALSE(g.is_full(1));
    CHECK(LayeredNetwork<double>({1, 1}, {1.0}).is_full(1));
}

TEST_CASE("networks that cannot be are refused with their place", "[graph]") {
    using Network = LayeredNetwork<double>;
    using Widths = std::vector<std::size_t>;
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const double infinity = std::numeric_limits<double>::infinity();
    CHECK_THROWS_WITH(Network(Widths{3}, {}), "layered network: needs at least two layers of vertices");
    CHECK_THROWS_WITH(Network(Widths{}, {}), "layered network: needs at least two layers of vertices");
    CHECK_THROWS_WITH(Network({2, 0}, {}), "layered network: layer 1 has no vertices");
    CHECK_THROWS_WITH(Network({2, 2}, {1, 2, 3}), "layered network: 3 capacities given, the widths need 4");
    CHECK_THROWS_WITH(Network({2, 2, 1}, {1, 1, 1, 1, 1, -0.5}),
                      "layered network: layer 2, row 0, column 1: capacity -0.5 is not a finite number >= 0");
    CHECK_THROWS_WITH(Network({2, 2}, {1, 1, nan, 1}), Catch::Contains("layer 1, row 1, column 0"));
    CHECK_THROWS_WITH(Network({1, 1}, {infinity}), Catch::Contains("layer 1, row 0, column 0"));
    CHECK_THROWS_WITH(FixedNetwork({1, 1}, {-1}), Catch::Contains("capacity -1"));
    const std::int64_t half = std::int64_t{1} << 61;
    CHECK_NOTHROW(FixedNetwork({1, 1, 2}, {half, half, half - 1}));
    CHECK_THROWS_WITH(
        FixedNetwork({1, 1, 2}, {half, half, half}),
        "layered network: the capacities of layer 2 sum to more than 4611686018427387903; scale them down");
    // Never allocated: the widths alone tell that it is too much.
    CHECK_THROWS_WITH(Network({60000, 60000}, {}), Catch::Contains("are more than the 2147483647 supported"));
}

TEST_CASE("extents reach from the first to the last edge of a row or column", "[graph]") {
    //  A_1 (3 x 4)
    //  0 2 0 3
    //  0 0 0 0
    //  1 1 0 0
    const FixedNetwork g({4, 3}, {0, 2, 0, 3, 0, 0, 0, 0, 1, 1, 0, 0});
    CHECK(g.row_extent(1, 0) == Extent{1, 4});
    CHECK(g.row_extent(1, 1).empty());
    CHECK(g.row_extent(1, 2) == Extent{0, 2});
    CHECK(g.column_extent(0, 0) == Extent{2, 3});
    CHECK(g.column_extent(0, 1) == Extent{0, 3});
    CHECK(g.column_extent(0, 2).empty());
    CHECK(g.column_extent(0, 3) == Extent{0, 1});
    CHECK(intersection(Extent{0, 3}, Extent{2, 5}) == Extent{2, 3});
    CHECK(intersection(Extent{0, 1}, Extent{2, 5}).size() == 0);
    CHECK(hull(Extent{3, 3}, Extent{1, 2}) == Extent{1, 2});
    CHECK(hull(Extent{0, 1}, Extent{4, 5}) == Extent{0, 5});
}
