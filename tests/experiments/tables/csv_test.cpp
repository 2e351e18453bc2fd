#include "experiments/tables/csv.hpp"

#include <catch2/catch.hpp>

using namespace attnflow;

TEST_CASE("CSV cells are quoted where needed and never a formula", "[csv]") {
    CHECK(csv_text("plain") == "plain");
    CHECK(csv_text("a,b") == "\"a,b\"");
    CHECK(csv_text("say \"x\"") == "\"say \"\"x\"\"\"");
    CHECK(csv_text("=1+1") == "'=1+1");
    CHECK(csv_text("@cmd") == "'@cmd");
    CHECK(csv_text("+x") == "'+x");
    CHECK(csv_text("-x") == "'-x");
    CHECK(csv_text("-") == "-");  // a token of its own, no formula
    CHECK(csv_text("a\nb") == "a\\u000ab");
    CHECK(csv_text("") == "");
    CHECK(csv_line({"a", "b"}) == "a,b\n");
}
