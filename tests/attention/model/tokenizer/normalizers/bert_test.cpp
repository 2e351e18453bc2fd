#include "attention/model/tokenizer/normalizers/bert.hpp"

#include <catch2/catch.hpp>

#include "attention/model/checkpoint/json_fields.hpp"
#include "graph/support/error.hpp"

using namespace attnflow;

namespace {

BertNormalizer with(const char* json) {
    const auto object = nlohmann::json::parse(json);
    return BertNormalizer::read(JsonFields(object, "test"));
}

}  // namespace

TEST_CASE("each step of BERT's normaliser is a setting", "[model]") {
    const std::u32string text = U"Caf\u00e9\x01 \u00a0\u4e2dA";
    CHECK(with("{}").normalize(text) == U"cafe   \u4e2d a");
    CHECK(with(R"({"lowercase": false})").normalize(text) == U"Caf\u00e9   \u4e2d A");
    CHECK(with(R"({"lowercase": false, "strip_accents": true})").normalize(text) == U"Cafe   \u4e2d A");
    CHECK(with(R"({"handle_chinese_chars": false})").normalize(text) == U"cafe  \u4e2da");
    CHECK(with(R"({"strip_accents": false})").normalize(U"\u00c9\t\u200b") == U"\u00e9 ");
    CHECK(with(R"({"clean_text": false, "strip_accents": false})").normalize(U"A\t") == U"a\t");
}

TEST_CASE("settings that contradict a normaliser are refused", "[model]") {
    const auto check = [](const char* settings) {
        const auto object = nlohmann::json::parse(settings);
        with("{}").check_settings(JsonFields(object, "settings"), "file");
    };
    CHECK_NOTHROW(check(R"({"do_lower_case": true, "strip_accents": null})"));
    CHECK_THROWS_AS(check(R"({"do_lower_case": false})"), InputError);
    CHECK_THROWS_AS(check(R"({"tokenize_chinese_chars": false})"), InputError);
}
