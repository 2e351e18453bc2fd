#include "attention/extract/extraction.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "attention/extract/attend.hpp"
#include "attention/model/text_model.hpp"
#include "attention/network/build_network.hpp"
#include "attention/validate.hpp"
#include "graph/support/error.hpp"
#include "tests/attention/make_files.hpp"
#include "tests/comparison.hpp"

using namespace attnflow;
using namespace attnflow::testing;

namespace {

const std::string golden_folder = std::string(ATTNFLOW_SOURCE_DIR) + "/tests/golden/model/";
const std::string sva_folder = std::string(ATTNFLOW_SOURCE_DIR) + "/experiments/models/sva-bert-6x8";

const ExtractionOptions everything{.gradients = true,
                                   .attention_gradients = true,
                                   .blank_out = true,
                                   .internals = true,
                                   .weights = {"value_norm", "af", "gf", "agf"}};

}  // namespace

TEST_CASE("token types of a single text are written where its template gives one that is not 0", "[model]") {
    const TextModel model = TextModel::open(golden_folder + "classifier");  // its [SEP] has type 1
    const TextModel plain = TextModel::open(sva_folder);
    const TemporaryDirectory folder;
    const std::vector<LabelledText> texts{{"the key"}};
    extract(model, texts, {}, folder.file("d"));
    const auto file = SafetensorsFile::open(folder.file("d"));
    CHECK(file->tensors().at("ex00000.input_ids").elements() == 4);
    CHECK(file->tensors().at("ex00000.token_type_ids").values() == std::vector<double>{0, 0, 0, 1});
    extract(plain, texts, {}, folder.file("plain"));
    CHECK_FALSE(SafetensorsFile::open(folder.file("plain"))->tensors().contains("ex00000.token_type_ids"));
}

TEST_CASE("an extracted dataset holds all that was asked for", "[model]") {
    const TextModel model = TextModel::open(sva_folder);
    const TemporaryDirectory folder;
    const std::vector<LabelledText> texts{{"the keys to the cabinet", 0}, {"the key"}};
    extract(model, texts, everything, folder.file("d.safetensors"));
    const Dataset dataset = Dataset::open(folder.file("d.safetensors"));
    REQUIRE(dataset.ids() == std::vector<std::string>{"ex00000", "ex00001"});
    for (std::size_t i = 0; i < 2; ++i) {
        const Example example = dataset.example(i);
        CHECK(validate(example.attention, example.id).largest_deviation < 1e-5);
        const Example alone = attend(model, texts[i].text, "text", {.jobs = 2}).example;
        CHECK(alone.tokens == example.tokens);
        CHECK(alone.predicted == example.predicted);
        std::vector<double> a(example.tokens.size() * example.tokens.size()), b(a.size());
        example.attention.read_head(5, 7, a);
        alone.attention.read_head(5, 7, b);
        CHECK(a == b);
        for (const char* name :
             {"blank_out", "blank_out_margin", "grad_norm", "grad_dot_input", "grad_sum", "grad_abs_sum"}) {
            CHECK(example.references.contains(name));
        }
        for (const char* name : {"value_norm", "af", "gf", "agf", "attention_gradients"}) {
            CHECK(example.weights.contains(name));
        }
    }
    CHECK(dataset.example(0).label == 0);
    CHECK_FALSE(dataset.example(1).label.has_value());
    const auto file = SafetensorsFile::open(folder.file("d.safetensors"));
    CHECK(file->tensors().at("ex00001.internals.5.output").shape == std::vector<std::size_t>{3, 128});
    const auto names = nlohmann::json::parse(dataset.metadata().at("label_names"));
    CHECK(names == nlohmann::json{"singular (VBZ)", "plural (VBP)"});
}

TEST_CASE("words that a model does not know are said of an example and of a file", "[model]") {
    const TextModel model = TextModel::open(sva_folder);
    const TemporaryDirectory folder;
    const std::vector<LabelledText> texts{{"the xyzzy to the \u0643\u062a\u0627\u0628", {}}, {"the key", {}}};
    const Example alone = attend(model, texts[0].text, "text").example;
    const std::size_t n = alone.tokens.size();
    CHECK(alone.unknown.token == model.tokenizer.vocabulary().text(*model.tokenizer.unknown()));
    REQUIRE(alone.unknown.positions.size() == 2);
    CHECK(alone.tokens[alone.unknown.positions[0]] == "xyzzy");
    CHECK(alone.unknown.positions[1] == n - 1);
    extract(model, texts, {}, folder.file("d.safetensors"));
    const Dataset dataset = Dataset::open(folder.file("d.safetensors"));
    CHECK(dataset.example(0).unknown.positions == alone.unknown.positions);
    CHECK(dataset.example(0).unknown.token == alone.unknown.token);
    CHECK(dataset.example(1).unknown.positions.empty());
}

TEST_CASE("heads fused while a model runs give the network of its whole attention", "[model]") {
    const TextModel model = TextModel::open(sva_folder);
    const std::string text = "the keys to the cabinet";
    const Attended whole = attend(model, text, "text");
    CHECK_FALSE(whole.fused);
    CHECK(whole.example.attention.heads() == 8);
    for (const std::string heads : {"mean", "max", "median", "single(3)", "top_k(2)", "entropy_weighted"}) {
        const Attended fused = attend(model, text, "text", {.heads = heads, .jobs = 2});
        REQUIRE(fused.fused);
        CHECK(fused.example.attention.heads() == 1);
        CHECK(build_network(fused.example.attention, {}) ==
              build_network(whole.example.attention, {.heads = heads}));
    }
    for (const std::string weights : {"agf", "value_norm"}) {
        const Attended all = attend(model, text, "text", {.weights = weights});
        const std::string heads = weights == "agf" ? "max" : "mean";
        const Attended one = attend(model, text, "text", {.heads = heads, .weights = weights, .jobs = 2});
        CHECK_FALSE(all.fused);
        CHECK(one.fused == (weights == "agf"));
        CHECK(weights_by_name(all.example, weights).heads(0) == (weights == "agf" ? 8 : 1));
        CHECK(weights_by_name(one.example, weights).heads(0) == 1);
        CHECK(build_network(weights_by_name(one.example, weights), {}) ==
              build_network(weights_by_name(all.example, weights), {.heads = heads}));
    }
    for (const std::string heads : {"late", "followed(1)"})
        CHECK_FALSE(attend(model, text, "text", {.heads = heads}).fused);
    CHECK_THAT(message_of<ParameterError>([&] { attend(model, text, "text", {.heads = "single(8)"}); }),
               Catch::Contains("single"));
}

TEST_CASE("the file does not depend on the number of threads", "[model]") {
    const std::string name = GENERATE("classifier", "masked_lm");
    const TextModel model = TextModel::open(golden_folder + name);
    const TemporaryDirectory folder;
    const std::vector<LabelledText> texts{{"a [MASK] b"}, {"the key [MASK]"}, {"[MASK]"}};
    ExtractionOptions options = everything;
    extract(model, texts, options, folder.file("1"));
    options.jobs = 3;
    extract(model, texts, options, folder.file("3"));
    CHECK(read_bytes(folder.file("1")) == read_bytes(folder.file("3")));
}

TEST_CASE("a bad text stops the extraction before anything is written", "[model]") {
    const TextModel model = TextModel::open(golden_folder + "classifier");
    const TemporaryDirectory folder;
    write_bytes(folder.file("texts.tsv"), "id\ttext\tlabel\n1\ta b\tyes\n2\ta b c d e f\t2\n");
    const auto texts = read_texts(folder.file("texts.tsv"), model);
    CHECK(texts[0].label == 1);
    CHECK(texts[1].label == 2);
    CHECK_THAT(message_of<InputError>([&] { extract(model, texts, {}, folder.file("out")); }),
               Catch::Contains("texts.tsv:3: 'a b c d e f' has 8 tokens"));
    std::vector<LabelledText> many(12, {"a b c d e f"});
    for (std::size_t i = 0; i < many.size(); ++i) many[i].where = fmt::format("many:{}", i + 1);
    const auto all = message_of<InputError>([&] { extract(model, many, {}, folder.file("out")); });
    CHECK_THAT(all, Catch::Contains("many:1: ") && Catch::Contains("\nmany:10: ") &&
                        !Catch::Contains("many:11: ") && Catch::EndsWith("\nand 2 texts like these"));
    CHECK(message_of<InputError>([&] { model.encode("\xff", "text"); }) == "text: '\\xff' is not UTF-8");
    CHECK_THAT(message_of<InputError>([&] {
                   const std::vector<LabelledText> unlabelled{{"a", 1, "t:1"}, {"b", std::nullopt, "t:2"}};
                   extract(model, unlabelled, {.target = TargetSpec::parse("label")}, folder.file("out"));
               }),
               Catch::Contains("t:2: target: label asked for, but the text has none"));
    CHECK_THAT(message_of<ParameterError>([&] {
                   extract(model, std::vector<LabelledText>{{"a"}}, {.target = TargetSpec::parse("output(maybe)")},
                           folder.file("out"));
               }),
               Catch::StartsWith("target: no class 'maybe'"));
    CHECK_FALSE(std::filesystem::exists(folder.file("out")));
    CHECK_THAT(
        message_of<ParameterError>([&] { extract(model, texts, {.weights = {"value_nrm"}}, folder.file("out")); }),
        Catch::Contains("no edge weight 'value_nrm'; did you mean 'value_norm'?"));
}

TEST_CASE("labels of a language model are tokens", "[model]") {
    const TextModel model = TextModel::open(golden_folder + "masked_lm");
    const TemporaryDirectory folder;
    const auto token = model.tokenizer.encode("key").ids.at(1);
    write_bytes(folder.file("t.tsv"), "text\tlabel\na [MASK] b\tkey\na [MASK]\t0002\na [MASK]\t\n");
    const auto texts = read_texts(folder.file("t.tsv"), model);
    CHECK(texts.at(0).label == token);
    CHECK(texts.at(1).label == 2);
    CHECK_FALSE(texts.at(2).label.has_value());
    extract(model, std::span(texts).first(1), {.target = TargetSpec::parse("label"), .blank_out = true},
            folder.file("label"));
    extract(model, std::span(texts).first(1), {.target = TargetSpec::parse("output(key)"), .blank_out = true},
            folder.file("output"));
    CHECK(Dataset::open(folder.file("label")).example(0).references ==
          Dataset::open(folder.file("output")).example(0).references);
    write_bytes(folder.file("t.tsv"), "text\tlabel\na [MASK] b\ttwo words\n");
    CHECK_THAT(message_of<InputError>([&] { read_texts(folder.file("t.tsv"), model); }),
               Catch::Contains("t.tsv:2: label: no token 'two words' in the vocabulary"));
}

TEST_CASE("the masked position of a language model is known of an example, read or made at once", "[model]") {
    const TextModel model = TextModel::open(golden_folder + "masked_lm");
    const TemporaryDirectory folder;
    extract(model, std::vector<LabelledText>{{"a [MASK] b"}, {"[MASK] a"}}, {}, folder.file("d"));
    const Dataset dataset = Dataset::open(folder.file("d"));
    CHECK(dataset.is_masked());
    CHECK(dataset.example(0).masked == 2);
    CHECK(dataset.example(1).masked == 1);
    CHECK(attend(model, "a [MASK] b", "text").example.masked == 2);
    CHECK_FALSE(attend(model, "a b", "text").example.masked.has_value());
    const TextModel classifier = TextModel::open(golden_folder + "classifier");
    CHECK_FALSE(attend(classifier, "a [MASK] b", "text").example.masked.has_value());
}

TEST_CASE("the difference of an output and itself is refused", "[model]") {
    const TextModel model = TextModel::open(golden_folder + "classifier");
    for (const char* target : {"difference(0, 0)", "difference(0, no)"}) {
        CHECK_THAT(message_of<ParameterError>([&] {
                       extract(model, std::vector<LabelledText>{{"a"}}, {.target = TargetSpec::parse(target)},
                               "out");
                   }),
                   Catch::Contains("is that of an output and itself, always 0"));
    }
}

TEST_CASE("files of texts that cannot be read are refused with the line", "[model]") {
    struct Bad {
        const char* name;
        std::string content;
        const char* message;
    };
    const TextModel model = TextModel::open(golden_folder + "classifier");
    for (const Bad& bad : std::vector<Bad>{
             {"t.txt", "a\n\nb\n", ":2: no text, expected one a line without empty lines"},
             {"t.txt", "a\n \t\nb\n", ":2: no text, expected one a line without empty lines"},
             {"t.txt", "a\n\u00a0\u3000 \nb\n", ":2: no text, expected one a line without empty lines"},
             {"t.tsv", "text\n\u2003\na\n", ":2: no text"},
             {"t.txt", "text\tlabel\na\tyes\n", "looks like a table, expected one text a line"},
             {"t.txt", "text\tlabel\na\n", "looks like a table"},
             {"t", "a\tyes\nb\tno\n", "looks like a table"},
             {"t.tsv", "text\tlabel\n\"a b\"\tyes\n", ":2: \"a b\" is in quotation marks, which are not read"},
             {"t.tsv", "text\n\"\"\"a\"\" b\"\n", ":2: \"\"\"a\"\" b\" is in quotation marks"},
             {"t.tsv", "\"text\"\n\"a\"\n", "is in quotation marks"},
             {"t.TSV", "sentence\na\n", ":1: no column 'text' in"},
             {"t.CSV", "text,label\na,1\n", "comma-separated files are not read, expected .tsv"},
             {"t.jsonl", "{\"text\": \"a\"}\n", "t.jsonl: JSON is not read, expected .tsv"},
             {"t.JSON", "[{\"text\": \"a\"}]\n", "jq -r '.[] | [.text, .label] | @tsv'"},
             {"t.txt", "a\rb\r", ":1: a carriage return inside a line, expected lines that end in"},
             {"t.txt", std::string("a\nb\0c\n", 6), ":2: a NUL byte inside a line"},
             {"t.tsv", "text\tlabels\na\tno\n", ":1: column 'labels' is not read, and there is no column 'label'"},
             {"t.txt", "\n\n", ": no texts"},
             {"t.txt", "a\n\xff\n", ":2: '\\xff' is not UTF-8"},
             {"t.tsv", "sentence\tlabel\na\t1\n", ":1: no column 'text' in"},
             {"t.tsv", "text\tlabel\na\n", ":2: 1 columns, expected 2 as in the header"},
             {"t.tsv", "text\tlabel\na\t3\n", ":2: label: no class '3', expected a number below 3 or a name"},
             {"t.tsv", "text\tlabel\na\tyess\n", "did you mean 'yes'?"},
             {"t.tsv", "text\tlabel\n", ": no texts"},
             {"t.txt", "\xEF\xBB\xBF", ": no texts"},
             {"t.tsv", "text\tlabel\tlabel\na\t0\t1\n", ":1: column 'label' is there twice"},
         }) {
        const TemporaryDirectory folder;
        write_bytes(folder.file(bad.name), bad.content);
        CHECK_THAT(message_of<InputError>([&] { read_texts(folder.file(bad.name), model); }),
                   Catch::Contains(bad.message));
    }
    const TemporaryDirectory folder;
    write_bytes(folder.file("t.txt"), "\xEF\xBB\xBFone text\r\nanother\ttext\n\r\n  \n");
    const auto texts = read_texts(folder.file("t.txt"), model);
    CHECK(texts.size() == 2);
    CHECK(count_texts(folder.file("t.txt")) == 2);
    CHECK(texts[0].text == "one text");
    CHECK(texts[1].text == "another\ttext");
    write_bytes(folder.file("t.tsv"), "text\n \"a\"\n\"a\" or \"b\"\n\"\n\"a\n");
    CHECK(read_texts(folder.file("t.tsv"), model).size() == 4);
    CHECK(count_texts(folder.file("t.tsv")) == 4);
}
