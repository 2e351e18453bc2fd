#include "attention/files/json.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "graph/support/error.hpp"
#include "tests/attention/make_files.hpp"

using namespace attnflow;

namespace {

std::string refusal(const std::string& text) {
    return attnflow::testing::message_of<InputError>([&] { parse_json(text, "config"); });
}

std::string repeat(const std::string& text, std::size_t count) {
    std::string out;
    for (std::size_t i = 0; i < count; ++i) out += text;
    return out;
}

}  // namespace

TEST_CASE("valid JSON is returned as it is", "[json]") {
    const nlohmann::json value = parse_json(R"( {"a": [1, -2, 0.5, true, null], "ключ": "\u00e9"} )", "config");
    CHECK(value["a"].size() == 5);
    CHECK(value["a"][2] == 0.5);
    CHECK(value["ключ"] == "é");
    CHECK(parse_json("3", "config") == 3);
    CHECK(parse_json(repeat("[", 32) + repeat("]", 32), "config").is_array());
    // The same key in different objects is no duplicate.
    CHECK(parse_json(R"({"a": {"a": 1}, "b": [{"a": 1}, {"a": 2}]})", "config").size() == 2);
}

TEST_CASE("duplicate keys are refused at any depth", "[json]") {
    CHECK(refusal(R"({"a": 1, "a": 2})") == "config: key 'a' is there twice in one object");
    CHECK(refusal(R"([{"x": {"b": 1, "c": [], "b": 1}}])") == "config: key 'b' is there twice in one object");
    CHECK(refusal(R"({"a": 1, "\u0061": 2})") == "config: key 'a' is there twice in one object");
    CHECK(refusal(R"({"\u001b[31m": 1, "\u001b[31m": 2})") ==
          "config: key '\\u001b[31m' is there twice in one object");
}

TEST_CASE("nesting is limited and never recursed into", "[json]") {
    CHECK(refusal(repeat("[", 33) + repeat("]", 33)) == "config: nested more than 32 deep");
    CHECK(refusal(repeat("[", 1'000'000)) == "config: nested more than 32 deep");
    CHECK(refusal(repeat("{\"a\":", 1'000'000)) == "config: nested more than 32 deep");
}

TEST_CASE("text that is not JSON is refused with the byte", "[json]") {
    using Catch::Contains;
    using Catch::StartsWith;
    CHECK_THAT(refusal(""), StartsWith("config: not valid JSON at byte 0 after '': "));
    CHECK_THAT(refusal("{\"a\": 1"), StartsWith("config: not valid JSON at byte 7 after '{\"a\": 1': "));
    CHECK_THAT(refusal("[1, 2] x"), StartsWith("config: not valid JSON at byte 7 after '[1, 2] ': "));
    CHECK_THAT(refusal("[1] [2]"), StartsWith("config: not valid JSON at byte 4 after '[1] ': "));
    CHECK_THAT(refusal("{'a': 1}"), StartsWith("config: not valid JSON at byte 1 after '{': "));
    CHECK_THAT(refusal("[1,]"), StartsWith("config: not valid JSON at byte 3"));
    CHECK_THAT(refusal("[NaN]"), StartsWith("config: not valid JSON at byte 1"));
    CHECK_THAT(refusal("[1e999]"), Contains("number overflow"));
    CHECK_THAT(refusal(std::string("[1\0]", 4)), StartsWith("config: not valid JSON at byte 2"));
    CHECK_THAT(refusal("[\"" + std::string(1'000'000, 'x')), StartsWith("config: not valid JSON at byte 1000002"));
    CHECK(refusal("[" + std::string(1'000'000, '9') + "x").size() < 300);
}

TEST_CASE("ill-formed UTF-8 is refused with the byte", "[json]") {
    using Catch::Contains;
    using Catch::StartsWith;
    for (const std::string bytes : {"\xff", "\xc0\x80", "\xed\xa0\x80", "\xf5\x80\x80\x80", "\xe2\x82"}) {
        const std::string text = refusal("[\"ab" + bytes + "\"]");
        CHECK_THAT(text, StartsWith("config: not valid JSON at byte "));
        CHECK_THAT(text, Contains("ill-formed UTF-8"));
    }
    CHECK_THAT(refusal("[\"ab\xff\"]"), StartsWith("config: not valid JSON at byte 4 after '[\"ab': "));
    CHECK_THAT(refusal("[\"\\ud800\"]"), StartsWith("config: not valid JSON at byte "));
}

TEST_CASE("a million keys are read in good time", "[json]") {
    std::string text = "{";
    for (int i = 0; i < 1'000'000; ++i) text += (i == 0 ? "\"k" : ",\"k") + std::to_string(i) + "\":[]";
    CHECK(parse_json(text + "}", "config").size() == 1'000'000);
    CHECK(refusal(text + ",\"k77\":0}") == "config: key 'k77' is there twice in one object");
}

TEST_CASE("the number of values is limited", "[json]") {
    CHECK(refusal("[" + repeat("1,", 10'000'000) + "1]") == "config: more than 10000000 values");
}
