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

TEST_CASE("words that only look like padding are none", "[padding]") {
    // A text about [PAD].
    CHECK(by_name({"[CLS]", "a", "[PAD]", "b", "[SEP]"}).empty());
    CHECK(by_name({"[CLS]", "a", "[PAD]", "b", "[PAD]"}) == Positions{4});
    CHECK(by_name({"[CLS]", "a", "[PAD]", "[PAD]", "b"}) == Positions{2, 3});  // between two texts
    // The last token, from the text and from the tokenizer.
    for (const char* name : {"</s>", "<eos>", "[SEP]", "[EOS]"}) {
        INFO(name);
        CHECK(by_name({"<s>", "a", "b", name, name}).empty());
        CHECK(by_name({"<s>", "a", name, name, "b", name}).empty());
        CHECK(by_name({"<s>", "a", "b", name, name, name}) == Positions{3, 4, 5});
    }
    CHECK(by_name({"a", "b", "[UNK]", "[UNK]", "[UNK]"}).empty());  // BERT fills up with [PAD]
    for (const char* name : {"<br>", "__init__", "[LAUGH]", "<url>", "[citation]", "[unused1]", "</div>"}) {
        INFO(name);
        CHECK(by_name({"a", "b", name, name, name}).empty());
        CHECK(by_name({name, name, "a", "b"}).empty());
        CHECK(by_name({"a", "b", name, name}, {2, 3}) == Positions{2, 3});  // if it is called special
    }
    CHECK(by_name({"a", "b", "<unk>", "<unk>"}) == Positions{2, 3});

    const auto kinds = [](const Strings& tokens, const Positions& unattended, const Positions& special = {}) {
        const LeftPadding padding = left_padding(unattended, tokens, special);
        return std::pair(padding.unattended, padding.words);
    };
    const auto padding = [](Positions positions) { return std::pair(std::move(positions), Positions{}); };
    const auto words = [](Positions positions) { return std::pair(Positions{}, std::move(positions)); };
    CHECK(kinds({"the", "cat", "sat", "down"}, {2}) == words({2}));        // a sparse attention
    CHECK(kinds({"the", "cat", "sat", "down"}, {2, 3}) == words({2, 3}));  // texts that do not see each other
    CHECK(kinds({"a", "b", "[CLS]", "the", "cat", "[SEP]"}, {2, 3, 4, 5}, {2, 5}) == words({2, 3, 4, 5}));
    CHECK(kinds({"the", "cat", "!", "!"}, {2, 3}) == padding({2, 3}));
    CHECK(kinds({"the", "cat", "</s>", "</s>"}, {2, 3}) == padding({2, 3}));
    CHECK(kinds({"the", "cat", "</s>"}, {2}) == padding({2}));
    CHECK(kinds({"the", "cat", "[PAD]", "[PAD]"}, {1, 2, 3}) == padding({1, 2, 3}));
    CHECK(kinds({"#0", "#1", "#2", "#3"}, {2, 3}) == padding({2, 3}));  // nothing tells
    CHECK(kinds({"[PAD]", "the", "cat", "sat"}, {0, 2}) == std::pair(Positions{0}, Positions{2}));
    const auto notes = padding_notes("e", left_padding({2}, {"the", "cat", "sat", "down"}, {}), {"", "", "sat"});
    REQUIRE(notes.size() == 1);
    CHECK(
        notes[0].starts_with("e: no other position attends to position 2 (sat): these are words and no padding"));
    CHECK_NOTHROW(refuse_padding_source("last", {3}, "e", left_padding({2, 3}, {"the", "cat", "sat", "down"}, {}),
                                        {"the", "cat", "sat", "down"}));
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
