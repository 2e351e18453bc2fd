#include "experiments/tables/text_layout.hpp"

#include <catch2/catch.hpp>

using namespace attnflow;

TEST_CASE("columns are what a terminal shows, not bytes", "[tables]") {
    CHECK(padded("é", 3) == "é  ");
    CHECK(padded_left("±1", 4) == "  ±1");
    CHECK(padded("漢", 3) == "漢 ");
    CHECK(padded("long", 2) == "long");
}

TEST_CASE("lines break between words", "[tables]") {
    CHECK(wrapped("one two three", 7) == "one two\nthree");
    CHECK(wrapped("é é é", 3) == "é é\né");
    CHECK(wrapped("unbreakable word", 5) == "unbreakable\nword");
    CHECK(wrapped("", 5).empty());
}
