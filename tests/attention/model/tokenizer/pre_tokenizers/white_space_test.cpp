#include "attention/model/tokenizer/pre_tokenizers/white_space.hpp"

#include <catch2/catch.hpp>

using namespace attnflow;

TEST_CASE("words end at white space, with BERT's pre-tokenizer at punctuation too", "[model]") {
    using Words = std::vector<std::u32string>;
    CHECK(WhitespaceSplit().split(U" a-b\u3000c.  ") == Words{U"a-b", U"c."});
    CHECK(BertPreTokenizer().split(U" a-b\u3000c.. ") == Words{U"a", U"-", U"b", U"c", U".", U"."});
    CHECK(WhitespaceSplit().split(U" \t").empty());
    CHECK(BertPreTokenizer().split(U"").empty());
}
