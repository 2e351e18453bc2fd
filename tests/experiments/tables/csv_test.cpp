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

TEST_CASE("CSV cells are no formula where semicolons or tabs separate them, nor with full-width signs", "[csv]") {
    CHECK(csv_text("a;=1+1") == "\"a;'=1+1\"");
    CHECK(csv_text("a; -1;b") == "\"a;' -1;b\"");
    CHECK(csv_text("=a;@b;c") == "\"'=a;'@b;c\"");
    CHECK(csv_text(";-;") == "\";-;\"");
    // Half of a quoted cell begins with quotes, which such a reader takes off.
    CHECK(csv_text("a;\"=1+1;b") == "\"a;'\"\"=1+1;b\"");
    CHECK(csv_text("\"=1") == "\"'\"\"=1\"");
    CHECK(csv_text(" =1+1") == "' =1+1");
    CHECK(csv_text("\uFF1D1+1") == "'\uFF1D1+1");
    CHECK(csv_text("x;\uFF0B1") == "\"x;'\uFF0B1\"");
    CHECK(csv_text("\uFF0D") == "'\uFF0D");
    CHECK(csv_text("\uFF20sum") == "'\uFF20sum");
    CHECK(csv_text("a\t=1") == "a\\u0009=1");
    CHECK(csv_text("a-b+c=d@e") == "a-b+c=d@e");
    CHECK(csv_text("\u06cc\u200c") == "\u06cc\u200c");  // what has no shape stays in files for programs
}
