#include "attention/model/tokenizer/added_tokens.hpp"

#include <optional>
#include <random>

#include <catch2/catch.hpp>

using namespace attnflow;

TEST_CASE("ten thousand added tokens are found as by trying all, longest first", "[model]") {
    std::mt19937_64 random(11);
    const auto word = [&](std::size_t longest) {
        std::u32string text(1 + random() % longest, U'a');
        for (char32_t& c : text) c = U"ab\u00e9\u4e2d"[random() % 4];
        return text;
    };
    std::vector<AddedToken> all;
    for (int k = 0; k < 10'000; ++k) all.push_back({.content = word(9), .text = "", .id = k});
    const AddedTokens added(all);
    const AddedTokens few(std::vector<AddedToken>(all.begin(), all.begin() + 6));
    for (int round = 0; round < 3000; ++round) {
        const std::u32string text = word(14);
        const auto expected = [&](std::size_t count) -> std::optional<TokenId> {
            const AddedToken* best = nullptr;
            for (std::size_t k = 0; k < count; ++k) {
                if (!text.starts_with(all[k].content)) continue;
                if (best == nullptr || all[k].content.size() > best->content.size()) best = &all[k];
            }
            return best == nullptr ? std::nullopt : std::optional(best->id);
        };
        const AddedToken* found = added.longest_prefix(text);
        REQUIRE((found == nullptr ? std::nullopt : std::optional(found->id)) == expected(all.size()));
        const AddedToken* among_few = few.longest_prefix(text);
        REQUIRE((among_few == nullptr ? std::nullopt : std::optional(among_few->id)) == expected(6));
    }
    CHECK(AddedTokens().longest_prefix(U"a") == nullptr);
}
