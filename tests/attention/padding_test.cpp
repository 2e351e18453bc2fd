#include "attention/padding.hpp"

#include <catch2/catch.hpp>

#include "graph/support/error.hpp"
#include "tests/message_of.hpp"

using namespace attnflow;
using namespace attnflow::testing;

namespace {

using Strings = std::vector<std::string>;
using Positions = std::vector<std::size_t>;

Positions by_name(const Strings& tokens, const Positions& special = {}) {
    return padding_by_name(tokens, special);
}

}  // namespace

TEST_CASE("tokens that are called padding are, whatever their brackets and case", "[padding]") {
    for (const char* name :
         {"[PAD]", "[pad]", "<pad>", "<|pad|>", "<|padding|>", "<|finetune_right_pad_id|>", "<|PAD_TOKEN|>",
          "<|vision_pad|>", "__PAD__", "\u0120[PAD]", "\u2581<pad>", "<\uff5c\u2581pad\u2581\uff5c>"}) {
        INFO(name);
        CHECK(by_name({"[CLS]", "a", "b", name}) == Positions{3});
        CHECK(by_name({name, "[CLS]", "a", "b"}) == Positions{0});
    }
    for (const char* name : {"pad", "\u0120pad", "keypad", "<|image_pad|>", "[]", "<|eot_id|>", "[SEP]", "</s>"}) {
        INFO(name);
        CHECK(by_name({"<s>", "a", "b", name}).empty());
    }
}

TEST_CASE("a special token that ends or begins a text again and again is padding", "[padding]") {
    for (const char* name : {"<unk>", "<|eot_id|>", "</s>", "<|endoftext|>", "[SEP]", "<|im_end|>"}) {
        INFO(name);
        CHECK(by_name({"<s>", "a", "b", name, name, name}) == Positions{3, 4, 5});
        CHECK(by_name({name, name, "<s>", "a", "b"}) == Positions{0, 1});
        CHECK(by_name({"<s>", "a", name, name, "b"}).empty());
        CHECK(by_name({name, name, name}).empty());
    }
    // Words, bytes, masks, places of images; the first token of a text, twice.
    for (const char* name : {"very", "<0x0A>", "[MASK]", "<mask>", "<|image_pad|>", "[]", "..."})
        CHECK(by_name({"<s>", "a", "b", name, name}).empty());
    for (const char* name : {"<s>", "<bos>", "<|begin_of_text|>"}) CHECK(by_name({name, name, "a", "b"}).empty());
    // Special tokens without brackets.
    CHECK(by_name({"a", "b", "!", "!"}).empty());
    CHECK(by_name({"a", "b", "!", "!"}, {2, 3}) == Positions{2, 3});
}

TEST_CASE("padding is said by its kind, and refused as a source with its positions", "[padding]") {
    const Strings tokens{"<s>", "a", "<unk>", "<unk>", "#4"};
    CHECK(padding_notes("e", {}, tokens).empty());
    const auto notes = padding_notes("e", {{4}, {2, 3}}, tokens);
    REQUIRE(notes.size() == 2);
    CHECK(notes[0].starts_with("e: no other position attends to position 4 (#4): padding was left in"));
    CHECK(notes[1].starts_with(
        "e: what looks like padding takes part as tokens do, positions 2 to 3 (<unk> <unk>): "));
    const LeftPadding padding = left_padding({3}, {"<s>", "a", "<unk>", "<unk>"}, {});
    CHECK(padding.unattended == Positions{3});
    CHECK(padding.by_name == Positions{2});

    const auto refusal = [&](const Positions& positions) {
        return message_of<InputError>([&] {
            refuse_padding_source("last", positions, "e", {{}, {2, 3}}, {"<s>", "a", "<unk>", "<unk>"});
        });
    };
    const std::string text = refusal({3});
    CHECK(text.starts_with("e: source last is in positions 2 to 3 (<unk> <unk>), which looks like padding: "));
    CHECK(text.find("attention_mask=inputs") != std::string::npos);
    CHECK(text.find("--source NUMBER") != std::string::npos);
    CHECK(refusal({1, 2}) == text);  // a word
    CHECK_NOTHROW(refuse_padding_source("last", {1}, "e", {{}, {2, 3}}, tokens));
}
