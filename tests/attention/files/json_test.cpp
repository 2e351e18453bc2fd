#include "attention/files/json.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "graph/support/error.hpp"
#include "graph/support/random.hpp"
#include "tests/message_of.hpp"

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
    const Json value = parse_json(R"( {"a": [1, -2, 0.5, true, null], "ключ": "\u00e9"} )", "config");
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

TEST_CASE("a list in braces is an object where all items are named, else an array", "[json]") {
    CHECK(Json{{"a", 1}, {"b", {2, 3}}}.dump() == R"({"a":1,"b":[2,3]})");
    CHECK(Json{{"a", {{"x", nullptr}}}, {"b", Json::array()}}.dump() == R"({"a":{"x":null},"b":[]})");
    CHECK(Json{"a", "b"}.dump() == R"(["a","b"])");
    CHECK(Json{{1, 2}, {3, 4}}.dump() == "[[1,2],[3,4]]");
    CHECK(Json::array({{"a", 1}}).dump() == R"([["a",1]])");
    CHECK(Json(std::vector<std::string>{"a", "b"}).dump() == R"(["a","b"])");
    CHECK(Json(std::map<std::string, int>{{"b", 2}, {"a", 1}}).dump() == R"({"a":1,"b":2})");
}

TEST_CASE("members keep their order, and are found in any", "[json]") {
    Json json;
    json["b"] = 1;
    json["a"]["x"].push_back(true);
    json["c"] = "text";
    CHECK(json.dump() == R"({"b":1,"a":{"x":[true]},"c":"text"})");
    CHECK(json.at("a").at("x").at(0) == true);
    CHECK(json.find("d") == nullptr);
    json.update({{"a", 2}, {"d", 3}});
    CHECK(json.dump() == R"({"b":1,"a":2,"c":"text","d":3})");
    json.erase("b");
    CHECK(json.dump() == R"({"a":2,"c":"text","d":3})");
    CHECK(json == parse_json(json.dump(), "text"));
    CHECK(std::count(json.begin(), json.end(), 3) == 1);
    const std::string written = R"({"b":1,"a":{"d":2,"c":3}})";
    CHECK(parse_json(written, "text", JsonOrder::as_written).dump() == written);
    CHECK(parse_json(written, "text", JsonOrder::as_written).at("a").at("c") == 3);
    CHECK(parse_json(written, "text").dump() == R"({"a":{"c":3,"d":2},"b":1})");
}

TEST_CASE("a JSON value is not taken for what it is not", "[json]") {
    const Json list{1, "a"};
    CHECK_THROWS_AS(list.at("a"), std::logic_error);
    CHECK_THROWS_AS(list.at(2), std::logic_error);
    CHECK_THROWS_AS(list.get<bool>(), std::logic_error);
    CHECK_THROWS_AS(list.at(0).text(), std::logic_error);
    CHECK_THROWS_AS(list.at(1).get<double>(), std::logic_error);
    CHECK_THROWS_AS(list.at(1).end(), std::logic_error);
    CHECK_THROWS_AS(list.items(), std::logic_error);
    CHECK_FALSE(Json(-1) == Json(std::numeric_limits<std::uint64_t>::max()));
    CHECK(Json(2) == Json(2.0));
}

namespace {

// A value with all that JSON can hold, and the same in nlohmann-json.
std::pair<Json, nlohmann::ordered_json> random_value(Random& random, std::size_t depth) {
    const auto both = [](const auto& value) { return std::pair(Json(value), nlohmann::ordered_json(value)); };
    const auto text = [&] {
        static const std::vector<std::string> parts{
            "a", "\"", "\\", "\n", "\x01", "\x7f", "é", "\xff", "\xc3", "\xe2\x82", "\u2028", "\U0001F600", "/"};
        std::string out;
        for (std::size_t n = random.below(5); n > 0; --n) out += parts[random.below(parts.size())];
        return out;
    };
    switch (random.below(depth == 0 ? 6 : 8)) {
        case 0:
            return both(nullptr);
        case 1:
            return both(random.below(2) == 0);
        case 2:
            return both(static_cast<std::int64_t>(random()));
        case 3:
            return both(random());
        case 4: {
            const double exponent = 40.0 * (random.uniform() - 0.5);
            return both(random.below(8) == 0 ? std::nan("") : (random.uniform() - 0.5) * std::pow(10.0, exponent));
        }
        case 5:
            return both(text());
        case 6: {
            auto list = std::pair(Json::array(), nlohmann::ordered_json::array());
            for (std::size_t n = random.below(4); n > 0; --n) {
                auto [mine, other] = random_value(random, depth - 1);
                list.first.push_back(std::move(mine));
                list.second.push_back(std::move(other));
            }
            return list;
        }
        default: {
            auto object = std::pair(Json::object(), nlohmann::ordered_json::object());
            for (std::size_t n = random.below(4); n > 0; --n) {
                const std::string name = text();
                auto [mine, other] = random_value(random, depth - 1);
                object.first[name] = std::move(mine);
                object.second[name] = std::move(other);
            }
            return object;
        }
    }
}

}  // namespace

TEST_CASE("JSON is written as nlohmann-json writes it", "[json]") {
    Random random(17);
    std::size_t refused = 0;
    for (int i = 0; i < 20'000; ++i) {
        const auto [mine, other] = random_value(random, 4);
        constexpr auto replace = nlohmann::ordered_json::error_handler_t::replace;
        REQUIRE(mine.dump(-1, JsonText::repaired) == other.dump(-1, ' ', false, replace));
        REQUIRE(mine.dump(2, JsonText::repaired) == other.dump(2, ' ', false, replace));
        REQUIRE(mine.dump(-1, JsonText::ascii) == other.dump(-1, ' ', true, replace));
        try {
            const std::string text = mine.dump();
            REQUIRE(text == other.dump());
            // And read as it reads it.
            const std::string read = parse_json(text, "text").dump();
            REQUIRE(read == nlohmann::json::parse(text).dump());
            REQUIRE(parse_json(text, "text", JsonOrder::as_written).dump() ==
                    nlohmann::ordered_json::parse(text).dump());
        } catch (const std::invalid_argument&) {
            ++refused;
            CHECK_THROWS(other.dump());
        }
    }
    CHECK(refused > 100);
}
