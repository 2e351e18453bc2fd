#include "attention/model/tokenizer/post_processors/template.hpp"

#include <catch2/catch.hpp>

#include "attention/model/checkpoint/json_fields.hpp"
#include "graph/support/error.hpp"
#include "tests/message_of.hpp"

using namespace attnflow;
using namespace attnflow::testing;

TEST_CASE("a template puts special tokens around a text, each slot with its type", "[model]") {
    const auto json = nlohmann::json::parse(R"({"type": "TemplateProcessing",
        "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 1}},
                   {"SpecialToken": {"id": "</s>"}}],
        "special_tokens": {"<s>": {"ids": [7]}, "</s>": {"ids": [8, 9]}}})");
    const Vocabulary vocabulary({{"<s>", 7}, {"</s>", 8}}, "test");
    const Encoding out =
        read_post_processor(JsonFields(json, "test"))->apply({{1, 2}, {}, {"a", "b"}}, vocabulary);
    CHECK(out.ids == std::vector<TokenId>{7, 1, 2, 8, 9});
    CHECK(out.type_ids == std::vector<TokenId>{0, 1, 1, 0, 0});
    CHECK(out.tokens == std::vector<std::string>{"<s>", "a", "b", "</s>", ""});
}

TEST_CASE("a template for pairs has both texts once, in any order", "[model]") {
    const auto read = [](const std::string& pair) {
        const auto json = nlohmann::json::parse(
            R"({"type": "TemplateProcessing", "single": [{"Sequence": {"id": "A"}}], "pair": )" + pair +
            R"(, "special_tokens": {"|": {"ids": [7]}}})");
        return *read_post_processor(JsonFields(json, "test"));
    };
    const Vocabulary vocabulary({{"|", 7}}, "test");
    const Encoding first{{1, 2}, {}, {"a", "b"}, 1}, second{{3}, {}, {"c"}, 2};
    const Encoding out =
        read(R"([{"Sequence": {"id": "B", "type_id": 1}}, {"SpecialToken": {"id": "|", "type_id": 2}},
                                  {"Sequence": {"id": "A"}}])")
            .apply(first, second, vocabulary);
    CHECK(out.ids == std::vector<TokenId>{3, 7, 1, 2});
    CHECK(out.type_ids == std::vector<TokenId>{1, 2, 0, 0});
    CHECK(out.tokens == std::vector<std::string>{"c", "|", "a", "b"});
    CHECK(out.separators_inside == 3);
    CHECK(Template::bare().apply(first, second, vocabulary).type_ids == std::vector<TokenId>{0, 0, 1});

    CHECK(message_of<InputError>([&] { read(R"([{"Sequence": {"id": "A"}}])"); }) ==
          "test: pair has the text B 0 times, expected once");
    CHECK(message_of<InputError>([&] { read(R"([{"Sequence": {"id": "C"}}])"); }) ==
          "test: pair[0]: Sequence: id is \"C\", expected \"A\" or \"B\"");
    for (const std::string none : {"null", "[]"}) {
        CHECK_THAT(message_of<InputError>([&] { read(none).apply(first, second, vocabulary); }),
                   Catch::Contains("has no template for pairs"));
    }
}

TEST_CASE("words of a second text go on from those of the first, also where the two meet", "[model][words]") {
    const auto json =
        nlohmann::json::parse(R"({"type": "TemplateProcessing", "single": [{"Sequence": {"id": "A"}}],
        "pair": [{"SpecialToken": {"id": "|"}}, {"Sequence": {"id": "A"}}, {"Sequence": {"id": "B"}}],
        "special_tokens": {"|": {"ids": [7]}}})");
    Encoding first{{1, 2, 3}, {}, {"a", "b", "c"}}, second{{4, 5}, {}, {"d", "e"}};
    first.words = {0, 1, 1};
    second.words = {0, 0};
    using Numbers = std::vector<std::optional<std::size_t>>;
    const Vocabulary vocabulary({{"|", 7}}, "test");
    const auto words = [&](const Encoding& a, const Encoding& b) {
        return read_post_processor(JsonFields(json, "test"))->apply(a, b, vocabulary).words;
    };
    CHECK(words(first, second) == Numbers{std::nullopt, 0, 1, 1, 2, 2});
    CHECK(words(second, first) == Numbers{std::nullopt, 0, 0, 1, 2, 2});
}
