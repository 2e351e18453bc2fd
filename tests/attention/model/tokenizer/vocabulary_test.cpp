#include "attention/model/tokenizer/vocabulary.hpp"

#include <random>
#include <set>

#include <catch2/catch.hpp>

using namespace attnflow;

TEST_CASE("the longest prefix in a vocabulary is that of trying all", "[model]") {
    std::mt19937_64 random(7);
    const auto word = [&](std::size_t longest) {
        std::string text(random() % (longest + 1), 'a');
        for (char& c : text) c = static_cast<char>('a' + random() % 2);
        return text;
    };
    for (int round = 0; round < 200; ++round) {
        std::set<std::string> texts;
        for (std::size_t k = random() % 12; k > 0; --k) texts.insert(word(6));
        std::vector<std::pair<std::string, TokenId>> entries;
        for (const std::string& text : texts) entries.emplace_back(text, static_cast<TokenId>(entries.size()));
        const Vocabulary vocabulary(entries, "test");
        const std::string text = word(10);
        std::optional<TokenId> expected;
        for (std::size_t length = 0; length <= text.size(); ++length) {
            if (const auto id = vocabulary.find(text.substr(0, length))) expected = id;
        }
        const auto found = vocabulary.longest_prefix(text);
        REQUIRE(found.has_value() == expected.has_value());
        if (found) CHECK(found->id == *expected);
        if (found) CHECK(found->bytes == vocabulary.text(found->id).size());
    }
}
