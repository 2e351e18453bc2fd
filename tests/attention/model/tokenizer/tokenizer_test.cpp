#include "attention/model/tokenizer/tokenizer.hpp"

#include <filesystem>
#include <random>
#include <set>
#include <sstream>

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
    CHECK(lines.wordless_tokens() == std::vector<std::string>{"[PAD]", "[CLS]", "[SEP]"});
}

TEST_CASE("pairs of texts have the ids and types of the tokenizers library", "[model]") {
    // tokenizers 0.23.3: Tokenizer.from_file("tests/cases/sentence-pairs/uncased/tokenizer.json").encode(first,
    // second)
    const Tokenizer tokenizer =
        Tokenizer::open(std::string(ATTNFLOW_SOURCE_DIR) + "/tests/cases/sentence-pairs/uncased");
    const Encoding pair = tokenizer.encode("Tea, is HOT!", "on the mat [SEP] a");
    CHECK(pair.ids == std::vector<TokenId>{2, 34, 6, 35, 36, 8, 3, 23, 19, 24, 3, 20, 3});
    CHECK(pair.type_ids == std::vector<TokenId>{0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1});
    CHECK(pair.tokens[10] == "[SEP]");
    CHECK(pair.separators_inside == 1);
    const Encoding empty = tokenizer.encode("na\u00efve \u4e2d", "");
    CHECK(empty.ids == std::vector<TokenId>{2, 25, 1, 3, 3});
    CHECK(empty.type_ids == std::vector<TokenId>{0, 0, 0, 0, 1});
    CHECK(empty.separators_inside == 0);

    const TemporaryDirectory folder;
    write_bytes(folder.file("vocab.txt"), "[UNK]\n[CLS]\n[SEP]\nkey\nthe\n");
    const Encoding lines = Tokenizer::open(folder.path()).encode("the key", "key");
    CHECK(lines.ids == std::vector<TokenId>{1, 4, 3, 2, 3, 2});
    CHECK(lines.type_ids == std::vector<TokenId>{0, 0, 0, 0, 1, 1});
}

TEST_CASE("special_tokens_map.json names special tokens of every role", "[model]") {
    const TemporaryDirectory folder;
    write_bytes(folder.file("vocab.txt"), "[UNK]\n[CLS]\n[SEP]\n<bos>\n<eos>\n<turn>\nkey\n");
    CHECK(Tokenizer::open(folder.path()).special_tokens() == std::vector<std::string>{"[UNK]", "[CLS]", "[SEP]"});
    write_bytes(folder.file("special_tokens_map.json"),
                R"({"bos_token": "<bos>", "eos_token": {"content": "<eos>"},
                    "additional_special_tokens": ["<turn>", "<none>"]})");
    const Tokenizer named = Tokenizer::open(folder.path());
    CHECK(named.special_tokens() ==
          std::vector<std::string>{"[UNK]", "[CLS]", "[SEP]", "<bos>", "<eos>", "<turn>"});
    CHECK(named.encode("<bos>key<turn>").ids == std::vector<TokenId>{1, 3, 6, 5, 2});
    write_bytes(folder.file("special_tokens_map.json"), R"({"additional_special_tokens": "<turn>"})");
    CHECK_THAT(message_of<InputError>([&] { Tokenizer::open(folder.path()); }),
               Catch::Contains("additional_special_tokens is \"<turn>\", expected a list of tokens"));
}

TEST_CASE("tokenizer_config.json turns lower-casing off", "[model]") {
    const TemporaryDirectory folder;
    write_bytes(folder.file("vocab.txt"), "[UNK]\r\n[CLS]\r\n[SEP]\r\nKey\r\nkey");
    CHECK(Tokenizer::open(folder.path()).encode("Key").ids == std::vector<TokenId>{1, 4, 2});
    write_bytes(folder.file("tokenizer_config.json"), R"({"do_lower_case": false})");
    CHECK(Tokenizer::open(folder.path()).encode("Key").ids == std::vector<TokenId>{1, 3, 2});
}

TEST_CASE("tokenizer_config.json beside vocab.txt names special and added tokens", "[model]") {
    const TemporaryDirectory folder;
    write_bytes(folder.file("vocab.txt"), "<pad>\n<unk>\n<s>\n</s>\nkey\nthe\n<mask>\n");
    CHECK_THAT(message_of<InputError>([&] { Tokenizer::open(folder.path()); }), Catch::Contains("no token [UNK]"));
    const std::string names = R"("unk_token": "<unk>", "cls_token": {"content": "<s>", "lstrip": false},
        "sep_token": "</s>", "pad_token": "<pad>", "never_split": ["<mask>"], "do_basic_tokenize": true, )";
    write_bytes(folder.file("tokenizer_config.json"), "{" + names + R"("mask_token": "<mask>"})");
    const Tokenizer renamed = Tokenizer::open(folder.path());
    CHECK(renamed.encode("The <mask>key x").ids == std::vector<TokenId>{2, 5, 6, 4, 1, 3});
    CHECK(renamed.unknown() == 1);
    CHECK(renamed.mask() == 6);
    CHECK(renamed.pad() == 0);

    // What older writers put beside it.
    write_bytes(folder.file("tokenizer_config.json"), "{" + names + R"("do_lower_case": true})");
    CHECK_THAT(message_of<InputError>([&] { Tokenizer::open(folder.path()); }), Catch::Contains("never_split"));
    write_bytes(folder.file("special_tokens_map.json"), R"({"mask_token": "<mask>", "unk_token": "<unk>"})");
    CHECK(Tokenizer::open(folder.path()).mask() == 6);
    CHECK(Tokenizer::files(folder.path()).size() == 3);
    write_bytes(folder.file("special_tokens_map.json"), R"({"mask_token": "<mask>", "unk_token": "key"})");
    CHECK_THAT(message_of<InputError>([&] { Tokenizer::open(folder.path()); }),
               Catch::Contains("unk_token is 'key', but '<unk>' in"));
    std::filesystem::remove(folder.file("special_tokens_map.json"));

    const std::string added = R"("mask_token": "<mask>", "added_tokens_decoder": {"6": {"content": "<mask>",
        "lstrip": true, "special": true}, "7": {"content": "NEW", "normalized": false}}})";
    write_bytes(folder.file("tokenizer_config.json"), "{" + names + added);
    const Tokenizer more = Tokenizer::open(folder.path());
    CHECK(more.encode("the NEWkey <mask> new").ids == std::vector<TokenId>{2, 5, 7, 4, 6, 1, 3});
    write_bytes(folder.file("added_tokens.json"), R"({"NEW": 7})");
    CHECK(Tokenizer::open(folder.path()).vocabulary().find("NEW") == 7);
    write_bytes(folder.file("added_tokens.json"), R"({"NEWER": 8})");
    CHECK_THAT(message_of<InputError>([&] { Tokenizer::open(folder.path()); }),
               Catch::Contains("added_tokens.json: 'NEWER' with id 8 is not supported"));
}

TEST_CASE("settings beside vocab.txt are honoured or refused by name", "[model]") {
    const TemporaryDirectory folder;
    write_bytes(folder.file("vocab.txt"), "[UNK]\n[CLS]\n[SEP]\n\u4e2d\ncafe\ncaf\u00e9\n\u4e2d\u6587\n");
    const auto ids = [&](const std::string& settings, const std::string& text) {
        write_bytes(folder.file("tokenizer_config.json"), settings);
        return Tokenizer::open(folder.path()).encode(text).ids;
    };
    CHECK(ids("{}", "caf\u00e9") == std::vector<TokenId>{1, 4, 2});
    CHECK(ids(R"({"strip_accents": null})", "caf\u00e9") == std::vector<TokenId>{1, 4, 2});
    CHECK(ids(R"({"strip_accents": false})", "CAF\u00c9") == std::vector<TokenId>{1, 5, 2});
    CHECK(ids(R"({"do_lower_case": false})", "caf\u00e9") == std::vector<TokenId>{1, 5, 2});
    CHECK(ids(R"({"do_lower_case": false, "strip_accents": true})", "caf\u00e9") == std::vector<TokenId>{1, 4, 2});
    CHECK(ids("{}", "\u4e2d\u6587") == std::vector<TokenId>{1, 3, 0, 2});
    CHECK(ids(R"({"tokenize_chinese_chars": false})", "\u4e2d\u6587") == std::vector<TokenId>{1, 6, 2});
    CHECK(ids(R"({"never_split": null})", "cafe") == std::vector<TokenId>{1, 4, 2});
    const std::pair<const char*, const char*> refused[] = {
        {R"({"do_basic_tokenize": false})", "do_basic_tokenize = false is not supported"},
        {R"({"never_split": ["cafe"]})", "never_split: \"cafe\" is not supported"},
        {R"({"never_split": "cafe"})", "never_split is \"cafe\", expected a list of strings"},
        {R"({"unk_token": "<unk>"})", "no token <unk> (unk_token)"},
        {R"({"cls_token": 3})", "cls_token is 3, expected a string"},
        {R"({"wordpieces_prefix": "@@"})", "wordpieces_prefix '@@' is not supported, expected ##"},
        {R"({"tokenizer_class": "RobertaTokenizer"})", "tokenizer_class 'RobertaTokenizer' is not supported"},
        {R"({"additional_special_tokens": ["<e>"]})", "additional_special_tokens"},
        {R"({"extra_special_tokens": ["<e>"]})", "extra_special_tokens: \"<e>\" is not supported"},
        {R"({"extra_special_tokens": {"e": "<e>"}})", "extra_special_tokens: \"<e>\" is not supported"},
        {R"({"extra_special_tokens": true})", "extra_special_tokens is true, expected a list or an object"},
        {R"({"split_special_tokens": true})", "split_special_tokens = true is not supported"},
        {R"({"added_tokens_decoder": {"003": {"content": "y"}}})", "'003', expected an id in"},
        {R"({"added_tokens_decoder": {"-0": {"content": "y"}}})", "'-0', expected an id in"},
        {R"({"added_tokens_decoder": {"x": {"content": "y"}}})", "'x', expected an id in"},
        {R"({"added_tokens_decoder": {"3": {"content": "y"}}})", "id 3 belongs to"},
    };
    for (const auto& [settings, message] : refused) {
        INFO(settings);
        CHECK_THAT(message_of<InputError>([&] { ids(settings, ""); }), Catch::Contains(message));
    }
}

TEST_CASE("settings beside tokenizer.json name and add tokens, and may not contradict it", "[model]") {
    const TemporaryDirectory folder;
    const std::string json = R"({"normalizer": {"type": "BertNormalizer", "lowercase": false},
        "pre_tokenizer": {"type": "BertPreTokenizer"}, "added_tokens": [{"id": 0, "content": "<unk>", "special": true}],
        "model": {"type": "WordPiece", "unk_token": "<unk>", "vocab": {"<unk>": 0, "key": 1, "<mask>": 2, "[MASK]": 3}}})";
    write_bytes(folder.file("tokenizer.json"), json);
    const auto open = [&](const std::string& settings) {
        write_bytes(folder.file("tokenizer_config.json"), settings);
        return Tokenizer::open(folder.path());
    };
    CHECK(open("{}").mask() == 3);
    CHECK(open("{}").encode("key <mask>").ids == std::vector<TokenId>{1, 0, 0, 0});
    const std::string named = R"({"mask_token": "<mask>", "unk_token": "<unk>", "do_lower_case": false,
        "model_max_length": 3, "split_special_tokens": false, "extra_special_tokens": {"m": "<mask>"},
        "added_tokens_decoder": {"0": {"content": "<unk>", "special": true}, "4": {"content": "NEW"}}})";
    const Tokenizer tokenizer = open(named);
    CHECK(tokenizer.mask() == 2);
    CHECK(tokenizer.encode("key <mask> NEW").ids == std::vector<TokenId>{1, 2, 4});
    CHECK(tokenizer.special_tokens() == std::vector<std::string>{"<unk>", "<mask>"});
    CHECK(tokenizer.wordless_tokens().empty());
    CHECK(Tokenizer::files(folder.path()).size() == 2);
    const std::pair<const char*, const char*> refused[] = {
        {R"({"do_lower_case": true})", "tokenizer_config.json: do_lower_case is true, but the normalizer of"},
        {R"({"strip_accents": true})", "strip_accents is true"},
        {R"({"tokenize_chinese_chars": false})", "tokenize_chinese_chars is false"},
        {R"({"split_special_tokens": true})", "split_special_tokens = true is not supported"},
        {R"({"extra_special_tokens": ["key"]})", "extra_special_tokens: \"key\" is not supported"},
        {R"({"unk_token": "key"})", "unk_token is 'key', but '<unk>' in"},
        {R"({"added_tokens_decoder": {"7": {"content": "<unk>"}}})", "'<unk>' has another id in"},
        {R"({"added_tokens_decoder": {"04": {"content": "y"}}})", "'04', expected an id in"},
    };
    for (const auto& [settings, message] : refused) {
        INFO(settings);
        CHECK_THAT(message_of<InputError>([&] { open(settings); }), Catch::Contains(message));
    }
}

TEST_CASE("texts are cut at the leftmost, then longest of ten thousand added tokens", "[model]") {
    const TemporaryDirectory folder;
    std::mt19937_64 random(5);
    const auto word = [&](std::size_t longest) {
        std::string text(1 + random() % longest, 'a');
        for (char& c : text) c = static_cast<char>('a' + random() % 6);
        return text;
    };
    std::set<std::string> contents;
    while (contents.size() < 10'000) contents.insert(word(7));
    nlohmann::json file{{"model", {{"type", "WordLevel"}, {"vocab", {{"?", 0}}}, {"unk_token", "?"}}},
                        {"pre_tokenizer", {{"type", "WhitespaceSplit"}}}};
    for (const std::string& content : contents) {
        file["added_tokens"].push_back(
            {{"content", content}, {"id", file["added_tokens"].size() + 1}, {"normalized", false}});
    }
    write_bytes(folder.file("tokenizer.json"), file.dump());
    const Tokenizer tokenizer = Tokenizer::open(folder.path());
    for (int round = 0; round < 200; ++round) {
        std::string text;
        for (int k = 0; k < 30; ++k) text += (k % 3 == 2 ? " xyz" : "") + word(9);
        std::vector<std::string> expected;
        std::string rest;
        const auto close = [&] {
            std::istringstream words(rest);
            for (std::string one; words >> one;) expected.push_back(one);
            rest.clear();
        };
        for (std::size_t i = 0; i < text.size();) {
            std::size_t length = 7;
            while (length > 0 && (i + length > text.size() || !contents.contains(text.substr(i, length))))
                --length;
            if (length == 0) {
                rest += text[i++];
                continue;
            }
            close();
            expected.push_back(text.substr(i, length));
            i += length;
        }
        close();
        REQUIRE(tokenizer.encode(text).tokens == expected);
    }
}

TEST_CASE("type ids come from the template", "[model]") {
    const Tokenizer tokenizer = Tokenizer::open(golden_folder + "classifier");
    CHECK(tokenizer.encode("the keys").type_ids == std::vector<TokenId>{0, 0, 0, 0, 1});
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
         "pre_tokenizer 'ByteLevel' is not supported, expected BertPreTokenizer, WhitespaceSplit or none"},
        {"tokenizer.json", R"({"post_processor": {"type": "RobertaProcessing"}, )" + model + "}",
         "post_processor 'RobertaProcessing' is not supported, expected TemplateProcessing or none"},
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
