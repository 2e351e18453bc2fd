#include "attention/model/tokenizer/tokenizer.hpp"

#include <fstream>

#include <random>
#include <set>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "graph/support/error.hpp"
#include "tests/attention/make_files.hpp"

using namespace attnflow;
using namespace attnflow::testing;

namespace {

const std::string golden_folder = std::string(ATTNFLOW_SOURCE_DIR) + "/tests/golden/model/";

}  // namespace

TEST_CASE("tokens are those of an independent tokenizer", "[model]") {
    const std::string kind = GENERATE("uncased", "cased", "words");
    const Tokenizer tokenizer = Tokenizer::open(golden_folder + "tokenizers/" + kind);
    std::size_t compared = 0;
    for (const auto& one : nlohmann::json::parse(read_bytes(golden_folder + "tokenizer.json"))) {
        if (one["kind"] != kind) continue;
        const std::string text = one["text"];
        CAPTURE(text);
        const Encoding encoding = tokenizer.encode(text);
        CHECK(encoding.tokens == one["tokens"].get<std::vector<std::string>>());
        CHECK(encoding.ids == one["ids"].get<std::vector<TokenId>>());
        CHECK(encoding.type_ids.size() == encoding.ids.size());
        ++compared;
    }
    CHECK(compared > 20);
}

TEST_CASE("vocab.txt gives what the same tokenizer.json gives", "[model]") {
    const Tokenizer lines = Tokenizer::open(golden_folder + "one_head_bf16");
    const Tokenizer json = Tokenizer::open(golden_folder + "tokenizers/uncased");
    for (const std::string text : {"The KEYS to the cabinets!", "Café 東京 [MASK] 🙂🙂", ""}) {
        CHECK(lines.encode(text).ids == json.encode(text).ids);
    }
    CHECK(lines.special_tokens() == std::vector<std::string>{"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"});
}

TEST_CASE("tokenizer_config.json turns lower-casing off", "[model]") {
    const TemporaryDirectory folder;
    write_bytes(folder.file("vocab.txt"), "[UNK]\r\n[CLS]\r\n[SEP]\r\nKey\r\nkey");
    CHECK(Tokenizer::open(folder.path()).encode("Key").ids == std::vector<TokenId>{1, 4, 2});
    write_bytes(folder.file("tokenizer_config.json"), R"({"do_lower_case": false})");
    CHECK(Tokenizer::open(folder.path()).encode("Key").ids == std::vector<TokenId>{1, 3, 2});
}

TEST_CASE("type ids come from the template", "[model]") {
    const Tokenizer tokenizer = Tokenizer::open(golden_folder + "classifier");
    CHECK(tokenizer.encode("the keys").type_ids == std::vector<TokenId>{0, 0, 0, 0, 1});
}

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

TEST_CASE("text that is not UTF-8 is refused", "[model]") {
    const Tokenizer tokenizer = Tokenizer::open(golden_folder + "classifier");
    CHECK(message_of<InputError>([&] { tokenizer.encode("a\xff"); }) == "text: 'a\\xff' is not UTF-8");
}

TEST_CASE("unknown words without a token for them are refused", "[model]") {
    const TemporaryDirectory folder;
    write_bytes(folder.file("tokenizer.json"), R"({"model": {"type": "WordLevel", "vocab": {"a": 0}}})");
    CHECK(Tokenizer::open(folder.path()).encode("a").ids == std::vector<TokenId>{0});
    CHECK(message_of<InputError>([&] { Tokenizer::open(folder.path()).encode("b"); }) ==
          "'b' is not in the vocabulary, which has no token for unknown words");
}

TEST_CASE("broken tokenizer files are refused with the reason", "[model]") {
    struct Broken {
        const char* file;
        std::string content;
        std::string message;  ///< contained in the error
    };
    const std::string model = R"("model": {"type": "WordLevel", "vocab": {"a": 0}})";
    const std::vector<Broken> all{
        {"tokenizer.json", "[]", "has type array, expected an object"},
        {"tokenizer.json", "{}", "no 'model'"},
        {"tokenizer.json", R"({"model": {"type": "BPE"}})",
         "model 'BPE' is not supported, expected WordLevel or WordPiece"},
        {"tokenizer.json", R"({"model": {"type": "Unigram", "vocab": []}})", "model 'Unigram' is not supported"},
        {"tokenizer.json", R"({"normalizer": {"type": "NFKC"}, )" + model + "}",
         "normalizer 'NFKC' is not supported, expected BertNormalizer or none"},
        {"tokenizer.json", R"({"pre_tokenizer": {"type": "ByteLevel"}, )" + model + "}",
         "pre-tokenizer 'ByteLevel' is not supported, expected BertPreTokenizer, WhitespaceSplit or none"},
        {"tokenizer.json", R"({"post_processor": {"type": "RobertaProcessing"}, )" + model + "}",
         "post-processor 'RobertaProcessing' is not supported, expected TemplateProcessing or none"},
        {"tokenizer.json", R"({"post_processor": {"type": "TemplateProcessing", "single": []}, )" + model + "}",
         "has the text 0 times, expected once"},
        {"tokenizer.json",
         R"({"post_processor": {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "[X]"}}], "special_tokens": {}}, )" +
             model + "}",
         "no '[X]'"},
        {"tokenizer.json", R"({"model": {"type": "WordLevel", "vocab": {"a": 0, "b": 0}}})",
         "id 0 belongs to 'a' and to 'b'"},
        {"tokenizer.json", R"({"model": {"type": "WordLevel", "vocab": {"a": -1}}})",
         "id -1, expected an integer in"},
        {"tokenizer.json", R"({"model": {"type": "WordLevel", "vocab": {"a": 1e99}}})", "expected an integer in"},
        {"tokenizer.json", R"({"model": {"type": "WordLevel", "vocab": ["a"]}})", "expected an object of ids"},
        {"tokenizer.json", R"({"added_tokens": [{"content": "", "id": 3}], )" + model + "}", "content is \"\""},
        {"tokenizer.json", R"({"added_tokens": [{"content": "a", "id": 3}], )" + model + "}",
         "'a' has id 3, but 0 in the vocabulary"},
        {"tokenizer.json", R"({"added_tokens": [{"content": "x", "id": 3, "single_word": true}], )" + model + "}",
         "single_word is not supported"},
        {"vocab.txt", std::string(5'000'000, 'a'), ":1: a line of 5000000 bytes, expected a token of 1 to 10000"},
        {"vocab.txt", "[UNK]\n\n[CLS]\n", ":2: a line of 0 bytes"},
        {"vocab.txt", "[UNK]\n[UNK]\n", "token '[UNK]' is there twice, with ids 0 and 1"},
        {"vocab.txt", "[UNK]\n[CLS]\n", "no token [SEP]"},
        {"vocab.txt", "\xff\n", ":1: '\\xff' is not UTF-8"},
    };
    for (const Broken& broken : all) {
        const TemporaryDirectory folder;
        write_bytes(folder.file(broken.file), broken.content);
        INFO(broken.message);
        CHECK_THAT(message_of<InputError>([&] { Tokenizer::open(folder.path()); }),
                   Catch::Contains(broken.message));
    }
    const TemporaryDirectory folder;
    CHECK_THAT(message_of<InputError>([&] { Tokenizer::open(folder.path()); }),
               Catch::Contains("no tokenizer.json and no vocab.txt"));
}
