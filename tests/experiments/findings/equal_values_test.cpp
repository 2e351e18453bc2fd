#include "experiments/findings/equal_values.hpp"

#include <catch2/catch.hpp>

#include "experiments/store/run_store.hpp"
#include "tests/experiments/run_in_memory.hpp"

using namespace attnflow;

namespace {

using Text = std::string;

GridPoint point(const Text& method, std::map<Text, ParameterValue> values) { return {method, std::move(values)}; }

/// A store of scores [point][example] of three tokens; an empty list is a cell without scores.
std::unique_ptr<RunStore> store_of(const std::vector<GridPoint>& grid,
                                   const std::vector<std::vector<std::vector<double>>>& scores,
                                   const std::vector<Text>& tokens = {"[CLS]", "a", "b"}) {
    RunRecord record;
    record.name = "made-up";
    record.special_tokens = {"[CLS]"};
    record.points = grid;
    record.grid_size = grid.size();
    for (std::size_t e = 0; e < scores.front().size(); ++e)
        record.examples.push_back({"ex" + std::to_string(e), tokens, {}});
    auto store = RunStore::create(":memory:", record, {{}, {}});
    for (std::size_t e = 0; e < record.examples.size(); ++e) {
        std::map<std::size_t, Attribution> made;
        for (std::size_t p = 0; p < grid.size(); ++p) {
            const auto& values = scores[p][e];
            if (values.empty()) continue;
            Attribution attribution{.scores = RowMajor<double>(1, values.size())};
            std::copy(values.begin(), values.end(), attribution.scores.values().begin());
            made.emplace(store->plan().attribution_of[p], std::move(attribution));
        }
        const std::vector<std::pair<std::size_t, Attribution>> list(made.begin(), made.end());
        store->add(e, list, 0.0);
        store->finish(e, {});
    }
    store->commit();
    return store;
}

std::vector<EqualValues> found(RunStore& store) { return equal_values(store, store.results(false)); }

}  // namespace

TEST_CASE("values of an axis are equal only when every bit of every example and method is", "[findings]") {
    const auto at = [](const Text& method, const Text& heads) { return point(method, {{"heads", heads}}); };
    const std::vector<GridPoint> grid{at("rollout", "mean"),    at("rollout", "max"),    at("rollout", "min"),
                                      at("column_sum", "mean"), at("column_sum", "max"), at("column_sum", "min")};
    const std::vector<double> a{.1, .2, .3}, b{.4, .5, .6}, c{.7, .8, .9}, d{.1, .1, .1};
    const double next = std::nextafter(.3, 1.0);
    {
        const auto store = store_of(grid, {{a, b}, {a, b}, {b, b}, {c, d}, {c, d}, {c, d}});
        const auto equal = found(*store);
        REQUIRE(equal.size() == 1);
        CHECK(equal[0].axis == "heads");
        CHECK(equal[0].values == std::vector<Text>{"mean", "max"});
        CHECK(equal[0].title == "heads mean and max give the same scores");
    }
    CHECK(found(*store_of(grid, {{a, b}, {a, b}, {a, b}, {c, d}, {c, d}, {c, d}})).front().title ==
          "heads mean, max and min give the same scores");
    // One last bit in the last example of one method.
    CHECK(found(*store_of(grid, {{b, a}, {b, a}, {c, b}, {c, a}, {c, {.1, .2, next}}, {c, b}})).empty());
    // Cells that failed say nothing.
    CHECK(found(*store_of(grid, {{a, b}, {a, {}}, {b, b}, {c, d}, {{}, d}, {d, d}})).size() == 1);
    CHECK(found(*store_of(grid, {{a, {}}, {{}, b}, {{}, {}}, {c, {}}, {{}, d}, {{}, {}}})).empty());
}

TEST_CASE("values are held against each other at points that differ in nothing else", "[findings]") {
    const auto at = [](const Text& positions, std::int64_t layer) {
        return point("rollout", {{"positions", positions}, {"layer", layer}});
    };
    const std::vector<GridPoint> grid{at("all", 1), at("no_special", 1), at("all", 2), at("no_special", 2)};
    const std::vector<double> one{.1, .2, .3}, two{.4, .5, .6};
    const std::vector<std::vector<std::vector<double>>> scores{{one}, {one}, {two}, {two}};
    CHECK(found(*store_of(grid, scores)).empty());  // [CLS] is compared or not
    const auto equal = found(*store_of(grid, scores, {"x", "a", "b"}));
    REQUIRE(equal.size() == 1);
    CHECK(equal[0].title == "positions all and no_special give the same scores");
    CHECK(found(*store_of({grid[0], grid[3]}, {{one}, {one}}, {"x", "a", "b"})).empty());
}

TEST_CASE("a pruner that drops nothing is named", "[findings]") {
    const auto at = [](const Text& pruning) { return point("rollout", {{"pruning", pruning}}); };
    const auto store = store_of({at("threshold(0.1)"), at("threshold(0.2)")}, {{{.1, .2, .3}}, {{.1, .2, .4}}});
    Results results = store->results(false);
    results.pruning = {{0, 0.0, 0.0}, {1, 0.0, 0.25}};
    const auto equal = equal_values(*store, results);
    REQUIRE(equal.size() == 1);
    CHECK(equal[0].values == std::vector<Text>{"threshold(0.1)"});
    CHECK(equal[0].title == "pruning threshold(0.1) drops nothing");
    results.pruning = {{0, 0.5, 1.0, 1}, {1, 0.0, 0.25}};
    const auto empty = equal_values(*store, results);
    REQUIRE(empty.size() == 1);
    CHECK(empty[0].values == std::vector<Text>{"threshold(0.1)"});
    CHECK(empty[0].title.starts_with("pruning threshold(0.1) drops everything in 1 of "));
    // Some rows of some examples, at the point that lost most.
    results.pruning = {{0, 0.5, 0.75, 0, 2, 7}, {1, 0.25, 0.25}};
    const auto rows = equal_values(*store, results);
    REQUIRE(rows.size() == 1);
    CHECK(rows[0].values == std::vector<Text>{"threshold(0.1)"});
    CHECK(rows[0].title == "pruning threshold(0.1) leaves 7 rows without any attention, in 2 of 1 example");
}
