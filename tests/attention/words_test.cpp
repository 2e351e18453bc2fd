/// Words of tokens: told by the marks of each tokenizer or by numbers, joined as NumPy joins them
/// (scripts/make_word_goldens.py).

#include "attention/words.hpp"

#include <fstream>
#include <limits>
#include <numeric>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "attention/dataset.hpp"
#include "attention/validate.hpp"
#include "graph/support/error.hpp"
#include "tests/attention/make_files.hpp"

using namespace attnflow;
using namespace attnflow::testing;

namespace {

using Json = nlohmann::json;
using Tokens = std::vector<std::string>;
using Positions = std::vector<std::size_t>;

Words find(const Tokens& tokens, const Tokens& special = {}) {
    const WordFinder::Text text{&tokens, nullptr};
    return WordFinder({&text, 1}, special, "file").find(text);
}

/// The words of `tokens` as texts.
Tokens words(const Tokens& tokens, const Tokens& special = {}) { return find(tokens, special).texts(tokens); }

std::string refusal(const std::vector<Tokens>& all) {
    std::vector<WordFinder::Text> texts;
    for (const Tokens& tokens : all) texts.push_back({&tokens, nullptr});
    return message_of<InputError>([&] { WordFinder(texts, {}, "file"); });
}

const Json& golden() {
    static const Json json = Json::parse(std::ifstream(ATTNFLOW_SOURCE_DIR "/tests/golden/words.json"));
    return json;
}

std::vector<double> flat(const Json& nested) {
    if (nested.is_number()) return {nested.get<double>()};
    std::vector<double> values;
    for (const Json& part : nested) {
        const auto inner = flat(part);
        values.insert(values.end(), inner.begin(), inner.end());
    }
    return values;
}

std::vector<double> all_of(const AttentionStack& attention, std::size_t layer, std::size_t head) {
    std::vector<double> weights(attention.queries(layer) * attention.keys(layer));
    attention.read_head(layer, head, weights);
    return weights;
}

}  // namespace

TEST_CASE("the marks of every tokenizer tell its words", "[words]") {
    CHECK(words({"[CLS]", "un", "##believ", "##able", "key", "##s", "[SEP]"}) ==
          Tokens{"[CLS]", "unbelievable", "keys", "[SEP]"});
    CHECK(words({"Data", "\u0120visual", "ization", "\u0120em", "powers", "\u010A", "Users"}) ==
          Tokens{"Data", "visualization", "empowers", "\n", "Users"});
    CHECK(words({"\u2581The", "\u2581cab", "inet", "s", "<0x0A>", "\u2581", "(", "a"}) ==
          Tokens{"The", "cabinets", "<0x0A>", "(a"});
    CHECK(words({"Data", " visualization", " em", "powers", "\n", "x"}) ==
          Tokens{"Data", "visualization", "empowers", "\n", "x"});
    CHECK(words({"un", "believable</w>", "keys</w>"}) == Tokens{"unbelievable", "keys"});
    CHECK(words({"un@@", "believable", "key@@", "s"}) == Tokens{"unbelievable", "keys"});
    // Byte-level characters become the text that they stand for.
    CHECK(words({"\u0120caf", "\u00C3\u00A9", "\u0120a"}) == Tokens{"caf\u00E9", "a"});
}

TEST_CASE("special tokens and masks are words of their own, whatever stands beside them", "[words]") {
    CHECK(words({"<|endoftext|>", "The", "\u0120key", "s", "<|endoftext|>"}) ==
          Tokens{"<|endoftext|>", "The", "keys", "<|endoftext|>"});
    CHECK(words({"<s>", "\u0120The", "<mask>", "\u0120run", "s", "</s>", "</s>"}) ==
          Tokens{"<s>", "The", "<mask>", "runs", "</s>", "</s>"});
    CHECK(words({"[CLS]", "##s", "[MASK]", "##ing"}) == Tokens{"[CLS]", "##s", "[MASK]", "##ing"});
    CHECK(words({"@start", "The", "\u0120key", "s"}) == Tokens{"@startThe", "keys"});
    CHECK(words({"@start", "The", "\u0120key", "s"}, {"@start"}) == Tokens{"@start", "The", "keys"});
    // A mark alone is a text.
    CHECK(words({"\u0120#", "##", "\u0120title", "s"}) == Tokens{"###", "titles"});
}

TEST_CASE("numbers tell words where tokens do not", "[words]") {
    const Tokens tokens{"[CLS]", "don", "'", "t", "go", "[SEP]", "go"};
    const WordIds ids{std::nullopt, 0, 0, 0, 1, std::nullopt, 1};
    const WordFinder::Text text{&tokens, &ids};
    const WordFinder finder({&text, 1}, {}, "file");
    CHECK(finder.sign().empty());
    const Words found = finder.find(text);
    CHECK(found.texts(tokens) == Tokens{"[CLS]", "don't", "go", "[SEP]", "go"});
    CHECK(found.first() == Positions{0, 1, 4, 5, 6});
    CHECK(found.longest() == 3);
    for (std::size_t t = 0; t < tokens.size(); ++t) {
        CHECK(found.begin(found.at(t)) <= t);
        CHECK(t < found.end(found.at(t)));
    }
    CHECK(found.holding({2, 3, 6}) == Positions{1, 4});
    CHECK(found.sums(std::vector<double>{1, 2, 3, 4, 5, 6, 7}) == std::vector<double>{1, 9, 5, 6, 7});
}

TEST_CASE("texts whose words nothing tells are refused with the cause", "[words]") {
    CHECK(
        refusal({{"the", "keys"}, {"a", "b", "c"}}) ==
        "file: units words, but no token shows whether it continues a word (the keys a b c): the tokens are whole "
        "words already, or the marks of their tokenizer (##, \u0120, \u2581, a space, </w>, @@) were taken away; "
        "save tokens as `tokenizer.convert_ids_to_tokens(ids)` gives them, or the words that they are of, "
        "metadata "
        "`word_ids`: `encoding.word_ids()`");
    CHECK(refusal({{"a", "##b", "\u0120c"}})
              .find("two kinds of pieces as often, ## (WordPiece) and \u0120 (byte-level)") != std::string::npos);
    // Spaces here and there are no words.
    Tokens tokens(41, "x");
    tokens[20] = " x";
    CHECK(refusal({tokens}).find("only 1 of 41 tokens begin a word by a space before it") != std::string::npos);
    tokens[30] = tokens[35] = " x";
    CHECK(refusal({tokens}).empty());
    // One text with a mark is enough for all.
    CHECK(refusal({{"the", "key"}, {"key", "##s"}}).empty());
    for (const Positions& first :
         {Positions{}, Positions{1}, Positions{0, 0}, Positions{0, 2, 1}, Positions{0, 3}})
        CHECK(message_of<InputError>([&] {
                  Words(first, 3);
              }).find("words that do not begin at positions 0 to 2") == 0);
}

TEST_CASE("attention to a word is the sum, from a word the mean or the largest, as by NumPy", "[words]") {
    const std::size_t n = golden().at("tokens").size();
    const auto stack = AttentionStack::from_values(2, 2, n, flat(golden().at("attentions")));
    for (const auto& [name, rows] : {std::pair("words", JoinRows::mean), std::pair("words_max", JoinRows::max)}) {
        const auto join = std::make_shared<const WordJoin>(WordJoin{Words(golden().at("first"), n), rows});
        const AttentionStack joined = stack.joined(join);
        REQUIRE(joined.tokens() == 4);
        for (std::size_t layer = 0; layer < 2; ++layer) {
            for (std::size_t head = 0; head < 2; ++head) {
                const auto expected = flat(golden().at("joined").at(name)[layer][head]);
                const auto found = all_of(joined, layer, head);
                REQUIRE(found.size() == expected.size());
                for (std::size_t k = 0; k < found.size(); ++k)
                    CHECK(found[k] == Approx(expected[k]).margin(1e-15));
                std::vector<double> last(4);  // rows by themselves
                joined.read_rows(layer, head, 3, last);
                CHECK(last == std::vector<double>(found.end() - 4, found.end()));
            }
        }
        CHECK(validate(joined, "joined").largest_deviation < 1e-15);
        CHECK_THROWS_AS(joined.joined(join), InternalError);
    }
}

TEST_CASE("an example in words has all of it in words, also without its padding", "[words][dataset]") {
    const TemporaryDirectory folder;
    const std::string file = folder.file("padded.safetensors");
    // Padding before and after the golden text.
    const std::size_t n = 7, whole = 10, before = 2;
    const auto weights = flat(golden().at("attentions"));
    std::vector<double> padded(4 * whole * whole, 0.0);
    for (std::size_t m = 0; m < 4; ++m) {
        for (std::size_t q = 0; q < whole; ++q) padded[(m * whole + q) * whole] = 1.0;
        for (std::size_t q = 0; q < n; ++q) {
            padded[(m * whole + q + before) * whole] = 0.0;
            for (std::size_t k = 0; k < n; ++k)
                padded[(m * whole + q + before) * whole + k + before] = weights[(m * n + q) * n + k];
        }
    }
    std::vector<double> reference(whole, 100.0);
    std::copy_n(flat(golden().at("reference")).begin(), n, reference.begin() + before);
    std::vector<double> doubled = padded;
    for (double& weight : doubled) weight *= 2.0;
    write_safetensors(file,
                      {{"ex.attentions", DType::f64, {2, 2, whole, whole}, padded},
                       {"ex.twice", DType::f64, {2, 2, whole, whole}, doubled},
                       {"ex.blank_out", DType::f64, {whole}, reference},
                       {"ex.attention_mask", DType::i64, {whole}, {0, 0, 1, 1, 1, 1, 1, 1, 1, 0}}},
                      {{"special_tokens", R"(["[CLS]", "[SEP]", "[PAD]"])"},
                       {"examples", R"([{"id": "ex", "position": 6, "unknown": [4], "tokens": ["[PAD]", "[PAD]",
                           "[CLS]", "un", "##believ", "##able", "key", "##s", "[SEP]", "[PAD]"]}])"}});
    const Dataset dataset = Dataset::open(file);
    const Example tokens = dataset.example(0);
    const WordFinder finder = dataset.word_finder(1, dataset.special_tokens().value());
    CHECK(finder.sign() == "## (WordPiece)");
    const Example example = in_words(tokens, finder.find(tokens.text()), JoinRows::mean);
    CHECK(example.tokens == Tokens{"[CLS]", "unbelievable", "keys", "[SEP]"});
    CHECK(example.masked == 2u);
    CHECK(example.unknown.positions == Positions{1});
    CHECK(example.references.at("blank_out") == flat(golden().at("reference_of_words")));
    const auto expected = flat(golden().at("joined").at("words")[1][1]);
    const auto found = all_of(example.attention, 1, 1);
    const auto twice = all_of(weights_by_name(example, "twice"), 1, 1);
    REQUIRE(found.size() == 16);
    for (std::size_t k = 0; k < found.size(); ++k) {
        CHECK(found[k] == Approx(expected[k]).margin(1e-15));
        CHECK(twice[k] == Approx(2.0 * expected[k]).margin(1e-15));
    }
    // What was read of it is shown as it lies in the file.
    std::vector<std::size_t> seen;
    std::vector<double> row(4);
    const auto watched =
        tokens.attention.watched([&](std::size_t, std::size_t, std::size_t first, std::span<const double> rows) {
            for (std::size_t r = 0; r < rows.size() / n; ++r) seen.push_back(first + r);
        });
    watched.joined(example.joined).read_rows(0, 0, 1, row);
    CHECK(seen == Positions{1, 2, 3});
}

TEST_CASE("word_ids of a file are read, cropped and checked", "[words][dataset]") {
    const TemporaryDirectory folder;
    const std::string file = folder.file("ids.safetensors");
    const auto write = [&](const std::string& ids, const std::string& more = "") {
        write_safetensors(
            file,
            {attention_tensor("ex.attentions", 1, 1, 4), {"ex.attention_mask", DType::i64, {4}, {1, 1, 1, 0}}},
            {{"examples", R"([{"id": "ex", "word_ids": )" + ids + more + "}]"}});
    };
    const std::string tokens = R"(, "tokens": ["[CLS]", "a", "b", "c"])";
    for (const char* ids : {"[null, 0, 0, 1]", "[null, 7, 7]"}) {
        write(ids, tokens);
        const Dataset dataset = Dataset::open(file);
        const Example example = dataset.example(0);
        CHECK(dataset.word_finder(1, {}).find(example.text()).first() == Positions{0, 1});
    }
    const auto refuse = [&](const std::string& ids) {
        write(ids, tokens);
        return message_of<InputError>([&] { Dataset::open(file); });
    };
    CHECK(refuse("[0, 1]").find("'ex': word_ids: 2 numbers, expected 4 as in the attention") != std::string::npos);
    for (const char* ids : {"3", "[0, -1, 1, 1]", "[0, \"a\", 1, 1]", "[0.5, 1, 1, 1]"})
        CHECK(refuse(ids).find("expected a list of numbers >= 0, or null for tokens of no word") !=
              std::string::npos);
    CHECK(refuse("[null, 4, 3, 5]")
              .find("'ex': word_ids: 3 at position 2 stands behind 4, expected numbers that "
                    "do not fall within a text") != std::string::npos);
    for (const char* ids : {"[4, null, 3, 3]", "[3, 4, 0, 1]", "[0, 0, 0, 7]"}) {  // the second text begins anew
        write(ids, tokens);
        CHECK(Dataset::open(file).example(0).word_ids);
    }
    // Numbers are enough, tokens are needed only without them.
    write("[null, 0, 0, 1]");
    CHECK(Dataset::open(file).word_finder(1, {}).sign().empty());
    write("null");
    CHECK(message_of<InputError>([&] {
              Dataset::open(file).word_finder(1, {});
          }).find("units words, but the file holds no tokens: words are told by the tokens' texts; save them") !=
          std::string::npos);

    const std::string single = folder.file("single.safetensors");
    write_safetensors(single, {attention_tensor("attentions", 1, 1, 3)},
                      {{"tokens", R"(["a", "b", "c"])"}, {"word_ids", "[0, 0, 1]"}});
    const Example example = Dataset::open(single).example(0);
    CHECK(example.word_ids == WordIds{0, 0, 1});
}

TEST_CASE("word_ids may be a tensor of numbers, -1 or NaN for tokens of no word", "[words][dataset]") {
    const TemporaryDirectory folder;
    const std::string file = folder.file("ids.safetensors");
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const NewTensor attention = attention_tensor("attentions", 1, 1, 4);
    const auto read = [&](std::vector<NewTensor> tensors, const std::string& name = "") {
        write_safetensors(file, tensors);
        const Dataset dataset = Dataset::open(file);
        return dataset.example(name.empty() ? 0 : dataset.index_of(name)).word_ids;
    };
    const WordIds right{std::nullopt, 0, 0, 1};
    CHECK(read({attention, {"word_ids", DType::i64, {4}, {-1, 0, 0, 1}}}) == right);
    CHECK(read({attention, {"word_ids", DType::f32, {1, 4}, {-1, 0, 0, 1}}}) == right);
    CHECK(read({attention, {"word_ids", DType::f32, {4}, {nan, 0, 0, 1}}}) == right);
    CHECK(read({attention_tensor("e.attentions", 1, 1, 4), {"e.word_ids", DType::i64, {4}, {-1, 0, 0, 1}}}, "e") ==
          right);
    // With a batch axis, and counted with or without padding.
    const NewTensor batch{"attentions", DType::f64, {2, 1, 1, 4, 4}, random_attention(2, 1, 4, 5)};
    const NewTensor of_batch{"word_ids", DType::i64, {2, 4}, {-1, 0, 0, 1, 0, 1, 2, 2}};
    CHECK(read({batch, of_batch}, "ids/1") == WordIds{0, 1, 2, 2});
    const NewTensor mask{"attention_mask", DType::i64, {4}, {1, 1, 1, 0}};
    CHECK(read({attention, mask, {"word_ids", DType::i64, {4}, {0, 1, 1, -1}}}) == WordIds{0, 1, 1});
    CHECK(read({attention, mask, {"word_ids", DType::i64, {3}, {0, 1, 1}}}) == WordIds{0, 1, 1});

    const auto refusal = [&](NewTensor ids) {
        return message_of<InputError>([&] { read({attention, std::move(ids)}); });
    };
    CHECK(refusal({"word_ids", DType::i64, {3}, {0, 0, 1}}).find("'word_ids': 3 numbers, expected 4") !=
          std::string::npos);
    CHECK(refusal({"word_ids", DType::f32, {4}, {0, 0.5, 1, 1}}).find("0.5, expected integers >= 0, or -1") !=
          std::string::npos);
    CHECK(refusal({"word_ids", DType::i64, {4}, {0, -2, 1, 1}}).find("-2, expected integers >= 0") !=
          std::string::npos);
    CHECK(refusal({"word_ids", DType::i64, {4}, {3, 4, 3, 3}}).find("3 at position 2 stands behind 4") !=
          std::string::npos);
    CHECK(refusal({"word_ids", DType::i64, {2, 2}, {0, 0, 1, 1}}).find("shape [2, 2], expected [4] integers") !=
          std::string::npos);
}

TEST_CASE("layers that are not as wide as the text have no words", "[words][dataset]") {
    const TemporaryDirectory folder;
    const std::string file = folder.file("merged.safetensors");
    write_safetensors(file,
                      {{"layers.0", DType::f64, {3, 3}, random_attention(1, 1, 3, 1)},
                       {"layers.1", DType::f64, {2, 3}, {.5, .25, .25, 0, 1, 0}}},
                      {{"tokens", R"(["a", "##b", "c"])"}});
    const Dataset dataset = Dataset::open(file);
    const Example example = dataset.example(0);
    CHECK(message_of<InputError>(
              [&] { in_words(example, dataset.word_finder(1, {}).find(example.text()), JoinRows::mean); }) ==
          "merged: units words, but layer 2 has 2 queries and 3 keys for 3 tokens; expected layers as wide as the "
          "text, because positions of other layers are no tokens");
}
