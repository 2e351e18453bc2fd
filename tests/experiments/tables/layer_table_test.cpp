#include "experiments/tables/layer_table.hpp"

#include <catch2/catch.hpp>

using namespace attnflow;

TEST_CASE("names in Markdown are text: no HTML, link, picture, code, emphasis or cell", "[tables]") {
    CHECK(markdown_text("attention_flow (skip_weight 0.5)") == "attention_flow (skip_weight 0.5)");
    CHECK(markdown_text("a|b") == "a\\|b");
    CHECK(markdown_text("<img src=x onerror=alert(1)>") == "\\<img src=x onerror=alert(1)\\>");
    CHECK(markdown_text("[x](javascript:y)") == "\\[x\\](javascript:y)");
    CHECK(markdown_text("![x](y)") == "!\\[x\\](y)");
    CHECK(markdown_text("`a` **b** ~~c~~") == "\\`a\\` \\*\\*b\\*\\* \\~\\~c\\~\\~");
    CHECK(markdown_text("see https://evil.example") == "see https\\://evil.example");
    CHECK(markdown_text("www.evil.example") == "www\\.evil.example");
    CHECK(markdown_text("&#60;b&#62;") == "\\&#60;b\\&#62;");
    CHECK(markdown_text("\\<b>") == "\\\\\\<b\\>");  // an escape of its own does not undo ours
    CHECK(markdown_text("a\nb") == "a\\\\u000ab");
}
