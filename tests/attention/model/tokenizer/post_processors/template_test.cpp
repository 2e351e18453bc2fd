#include "attention/model/tokenizer/post_processors/template.hpp"

#include <catch2/catch.hpp>

#include "attention/model/checkpoint/json_fields.hpp"

using namespace attnflow;

TEST_CASE("a template puts special tokens around a text, each slot with its type", "[model]") {
    const auto json = nlohmann::json::parse(R"({"type": "TemplateProcessing",
        "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 1}},
                   {"SpecialToken": {"id": "</s>"}}],
        "special_tokens": {"<s>": {"ids": [7]}, "</s>": {"ids": [8, 9]}}})");
    const Vocabulary vocabulary({{"<s>", 7}, {"</s>", 8}}, "test");
    const Encoding out = Template::read(JsonFields(json, "test")).apply({{1, 2}, {}, {"a", "b"}}, vocabulary);
    CHECK(out.ids == std::vector<TokenId>{7, 1, 2, 8, 9});
    CHECK(out.type_ids == std::vector<TokenId>{0, 1, 1, 0, 0});
    CHECK(out.tokens == std::vector<std::string>{"<s>", "a", "b", "</s>", ""});
}
