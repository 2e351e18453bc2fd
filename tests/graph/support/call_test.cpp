#include "graph/support/call.hpp"

#include <catch2/catch.hpp>

#include "graph/support/error.hpp"
#include "tests/message_of.hpp"

using namespace attnflow;
using attnflow::testing::message_of;

namespace {

const std::vector<ParameterSpec> specs{
    {.name = "share", .summary = "", .fallback = 0.5, .minimum = 0.0, .maximum = 1.0},
    {.name = "keep_first", .summary = "", .fallback = false}};

std::string canonical(const std::string& text) {
    const Call call = parse_call(text, "here");
    return call_text(call.name, specs, call_values(call, specs, "here"));
}

std::string refusal(const std::string& text) {
    return message_of<ParameterError>([&] { canonical(text); });
}

}  // namespace

TEST_CASE("equal calls have equal texts", "[call]") {
    for (const char* text : {"cut(0.25, true)", " cut( 0.25 ,true ) ", "cut(keep_first=true, share=0.25)",
                             "cut(0.25, keep_first = true)"}) {
        CHECK(canonical(text) == "cut(0.25, true)");
    }
    CHECK(canonical("cut") == "cut(0.5, false)");
    CHECK(canonical("cut()") == "cut(0.5, false)");
    CHECK(canonical("cut(1)") == "cut(1, false)");
    CHECK(call_form("cut", specs) == "cut(share, keep_first)");
    CHECK(call_form("none", {}) == "none");
    CHECK(call_text("none", {}, {}) == "none");
}

TEST_CASE("what is no call is refused", "[call]") {
    for (const char* text : {"", "(", "(1)", "cut(", "cut)", "cut(1", "cut(1))", "cut(1,)", "cut(,1)", "cut(=1)",
                             "cut(share=)", "cut(a=b=c)", "cut(1) x", "a b", "cut((1))"}) {
        CHECK(refusal(text) == "here: '" + std::string(text) + "', expected NAME or NAME(VALUE, ...)");
    }
    // Text from strangers cannot drive a terminal.
    CHECK(refusal("cut\x1b(") == "here: 'cut\\u001b(', expected NAME or NAME(VALUE, ...)");
}

TEST_CASE("arguments that do not fit are refused", "[call]") {
    CHECK(refusal("cut(0.1, true, 3)") == "here: cut: 3 values, expected at most cut(share, keep_first)");
    CHECK(refusal("cut(shar=0.1)") == "here: cut: no parameter 'shar'; did you mean 'share'?");
    CHECK(refusal("cut(0.1, share=0.2)") == "here: cut: share is given twice");
    CHECK(refusal("cut(2)") == "here: cut: share is 2 (real), expected real in [0, 1]");
    CHECK(refusal("cut(nan)") == "here: cut: share is nan (real), expected real in [0, 1]");
    CHECK(refusal("cut(0.1, yes)") == "here: cut: keep_first is yes (text), expected boolean");
}
