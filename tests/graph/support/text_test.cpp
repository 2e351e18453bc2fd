#include <catch2/catch.hpp>

#include "graph/support/text.hpp"

using namespace attnflow;

TEST_CASE("the nearest name forgives one letter in three", "[text]") {
    const std::vector<std::string> names{"rollout", "attention_flow", "paper", "mean", "max"};
    CHECK(nearest_name("rolout", names) == "rollout");
    CHECK(nearest_name("papre", names) == "paper");  // swapped neighbours count once
    CHECK(nearest_name("maen", names) == "mean");
    CHECK(nearest_name("attention-flow", names) == "attention_flow");
    CHECK(nearest_name("xyz", names) == "");
    CHECK(nearest_name("", names) == "");
    CHECK(nearest_name(std::string(65, 'a'), names) == "");
    CHECK(nearest_name("anything", {}) == "");
    CHECK(name_hint("rolout", names) == "; did you mean 'rollout'?");
    CHECK(name_hint("zzzzzz", {"a", "b"}) == "; known: a, b");
}

TEST_CASE("controls, bidirectional overrides and bytes that are not UTF-8 are escaped", "[text]") {
    CHECK(escape_controls("caf\u00e9 \u4e2d \U0001F600") == "caf\u00e9 \u4e2d \U0001F600");
    CHECK(escape_controls("a\nb\x1b[0m\x7f") == "a\\u000ab\\u001b[0m\\u007f");
    CHECK(escape_controls("\u202eabc\u2066") == "\\u202eabc\\u2066");
    CHECK(escape_controls("\u0085") == "\\u0085");
    CHECK(escape_controls("\xff\xc3\x28") == "\\xff\\xc3(");
    CHECK(escape_controls("\xc0\xaf") == "\\xc0\\xaf");           // overlong
    CHECK(escape_controls("\xed\xa0\x80") == "\\xed\\xa0\\x80");  // surrogate
    CHECK(escape_controls_keep_lines("a\nb\r") == "a\nb\\u000d");
}

TEST_CASE("characters without a shape are seen, those in pictures and in files for programs stay", "[text]") {
    CHECK(escape_controls("a\u200bb\u00ad\u2060\u3164\U000E0041") == "a\\u200bb\\u00ad\\u2060\\u3164\\u{e0041}");
    CHECK(escape_controls("\U0001F469\u200d\U0001F52C") == "\U0001F469\u200d\U0001F52C");  // a picture of three
    CHECK(escape_controls("\u2764\ufe0f\u200d\U0001F525") == "\u2764\ufe0f\u200d\U0001F525");
    CHECK(escape_controls("\U0001F469\u200d") == "\U0001F469\\u200d");  // joins nothing
    CHECK(escape_controls("a\u200d\U0001F469") == "a\\u200d\U0001F469");
    CHECK(escape_controls("\u0627\u064e\u4e2d e\u0301") == "\u0627\u064e\u4e2d e\u0301");
    CHECK(escape_controls_keep_lines("\u200b\n\U000E0041") == "\\u200b\n\\udb40\\udc41");  // as JSON does
    CHECK(escape_controls_keep_shapeless("\u06cc\u200c\u202e\x1b") == "\u06cc\u200c\\u202e\\u001b");
}

TEST_CASE("excerpts end between characters", "[text]") {
    CHECK(excerpt("short") == "short");
    CHECK(excerpt("abcdef", 3) == "abc...");
    CHECK(excerpt("a\u00e9\u00e9", 4) == "a\u00e9...");
}

TEST_CASE("UTF-8 is told from what is not", "[text]") {
    CHECK(is_utf8(""));
    CHECK(is_utf8("\u00e9\u4e2d\U0001F600"));
    CHECK_FALSE(is_utf8("\x80"));
    CHECK_FALSE(is_utf8("\xe4\xb8"));
    CHECK_FALSE(is_utf8("\xf4\x90\x80\x80"));  // over U+10FFFF
}

TEST_CASE("display width counts terminal columns", "[text]") {
    CHECK(display_width("abc") == 3);
    CHECK(display_width("\u4e2d\u6587") == 4);
    CHECK(display_width("e\u0301") == 1);
    CHECK(display_width("\U0001F600") == 2);
    CHECK(display_width("\u0643\u064e\u062a\u064e\u0628") == 3);  // Arabic letters with vowels
    CHECK(display_width("\u05e9\u05c1\u05dc") == 2);              // Hebrew
}
