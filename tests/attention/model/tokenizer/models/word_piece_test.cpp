#include "attention/model/tokenizer/models/word_piece.hpp"

#include <catch2/catch.hpp>

#include "attention/model/checkpoint/json_fields.hpp"

using namespace attnflow;

namespace {

using Ids = std::vector<TokenId>;

}  // namespace

TEST_CASE("a word is its longest token, then the longest that continues it", "[model]") {
    const Vocabulary vocabulary({{"play", 0}, {"plays", 1}, {"##ing", 2}, {"##s", 3}, {"##i", 4}, {"##é", 5}},
                                "test");
    const WordPiece model;
    CHECK(model.find(U"plays", vocabulary) == Ids{1});
    CHECK(model.find(U"playing", vocabulary) == Ids{0, 2});
    CHECK(model.find(U"playis", vocabulary) == Ids{0, 4, 3});
    CHECK(model.find(U"playé", vocabulary) == Ids{0, 5});
    CHECK_FALSE(model.find(U"playx", vocabulary).has_value());  // unknown as a whole
    CHECK_FALSE(model.find(U"ing", vocabulary).has_value());
}

TEST_CASE("continuation and longest word are settings", "[model]") {
    const Vocabulary vocabulary({{"a", 0}, {"@a", 1}}, "test");
    const auto json =
        nlohmann::json::parse(R"({"continuing_subword_prefix": "@", "max_input_chars_per_word": 3})");
    const WordPiece model = WordPiece::read(JsonFields(json, "test"));
    CHECK(model.find(U"aaa", vocabulary) == Ids{0, 1, 1});
    CHECK_FALSE(model.find(U"aaaa", vocabulary).has_value());
}
