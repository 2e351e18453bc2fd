#include "algorithms/maxflow/engine/certificates/open_pairs.hpp"

#include <catch2/catch.hpp>

using namespace attnflow;
using namespace attnflow::engine;

namespace {

FlowMatrix empty_result() {
    FlowMatrix result{.layer = 2, .sources = {0, 1}};
    result.values = RowMajor<std::int64_t>(2, 3);
    result.cuts = RowMajor<BindingCut>(2, 3);
    result.settled_by = RowMajor<SettledBy>(2, 3, SettledBy::edge);
    return result;
}

}  // namespace

TEST_CASE("open pairs: a lower bound that meets an upper one settles the pair", "[flow_engine]") {
    FlowMatrix result = empty_result();
    OpenPairs open(result);
    CHECK(open.pairs() == 6);
    open.add_upper_bound({9, {CutKind::source_row, 0}}, 1, 2);
    open.add_lower_bound(8, 1, 2, SettledBy::sweeps);
    CHECK(open.is_open(1, 2));
    open.add_lower_bound(7, 1, 2, SettledBy::meeting);
    open.add_upper_bound({8, {CutKind::crossing, 1}}, 1, 2);
    CHECK_FALSE(open.is_open(1, 2));
    CHECK(result.values(1, 2) == 8);
    CHECK(result.cuts(1, 2) == BindingCut{CutKind::crossing, 1});
    CHECK(result.settled_by(1, 2) == SettledBy::sweeps);
    open.recount();
    CHECK(open.pairs() == 5);
}

TEST_CASE("open pairs: no flow above a cut, none below what was shown to flow", "[flow_engine]") {
    FlowMatrix result = empty_result();
    OpenPairs open(result);
    open.add_upper_bound({9, {CutKind::source_row, 0}}, 0, 0);
    open.add_lower_bound(5, 0, 0, SettledBy::sweeps);
    CHECK_THROWS_WITH(open.settle(10, 0, 0, SettledBy::waves), Catch::Contains("10 flows through a cut of 9"));
    CHECK_THROWS_WITH(open.settle(4, 0, 0, SettledBy::waves),
                      Catch::Contains("4 is the flow of a pair of which 5 was shown to flow"));
    CHECK(open.is_open(0, 0));
    open.settle(5, 0, 0, SettledBy::waves);
    CHECK(result.values(0, 0) == 5);
    CHECK(result.cuts(0, 0) == BindingCut{});
    open.add_upper_bound({9, {CutKind::source_row, 0}}, 0, 1);
    CHECK_THROWS_AS(open.add_lower_bound(10, 0, 1, SettledBy::meeting), InternalError);
}
