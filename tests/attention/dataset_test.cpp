#include "attention/dataset.hpp"

#include <catch2/catch.hpp>

#include "attention/validate.hpp"
#include "graph/support/error.hpp"
#include "tests/attention/make_files.hpp"

using namespace attnflow;
using namespace attnflow::testing;

namespace {

using Metadata = std::map<std::string, std::string>;
using Strings = std::vector<std::string>;

/// Counts up: entry i is i, so that a place in the file shows in its value.
NewTensor counting(const std::string& name, std::vector<std::size_t> shape, DType dtype = DType::f64) {
    NewTensor tensor{name, dtype, std::move(shape), {}};
    std::size_t count = 1;
    for (const std::size_t size : tensor.shape) count *= size;
    for (std::size_t i = 0; i < count; ++i) tensor.values.push_back(static_cast<double>(i));
    return tensor;
}

Dataset open_with(const TemporaryDirectory& directory, const std::vector<NewTensor>& tensors,
                  const Metadata& metadata = {}) {
    const std::string path = directory.file("file.safetensors");
    write_safetensors(path, tensors, metadata);
    return Dataset::open(path);
}

std::vector<double> head_of(const Example& example, std::size_t layer, std::size_t head) {
    std::vector<double> out(example.attention.tokens() * example.attention.tokens());
    example.attention.read_head(layer, head, out);
    return out;
}

/// The message without "<path>: ".
std::string refusal(const std::vector<NewTensor>& tensors, const Metadata& metadata = {}) {
    const TemporaryDirectory directory;
    const std::string message = message_of<InputError>([&] { open_with(directory, tensors, metadata); });
    const std::string prefix = directory.file("file.safetensors") + ": ";
    return message.starts_with(prefix) ? message.substr(prefix.size()) : message;
}

const NewTensor ex0 = attention_tensor("ex0.attentions", 1, 1, 2);

}  // namespace

TEST_CASE("a dataset gives its examples", "[dataset]") {
    const TemporaryDirectory directory;
    const std::string path = write_small_dataset(directory.file("d.safetensors"), 2, 3, {4, 1, 5});
    std::optional<Example> kept;
    {
        const Dataset dataset = Dataset::open(path);
        CHECK(dataset.path() == path);
        CHECK(dataset.size() == 3);
        CHECK(dataset.ids() == Strings{"ex0", "ex1", "ex2"});
        CHECK(dataset.metadata().contains("examples"));
        CHECK(dataset.index_of("ex2") == 2);
        kept = dataset.example(2);
        CHECK(dataset.example(1).tokens == Strings{"w0"});
        CHECK(dataset.example(1).label == 1);
        CHECK(dataset.example(1).group == "odd");
        CHECK_FALSE(dataset.example(1).attractors.has_value());
    }
    // The file stays mapped for as long as the example needs it.
    CHECK(kept->id == "ex2");
    CHECK(kept->tokens == Strings{"w0", "w1", "w2", "w3", "w4"});
    CHECK(kept->label == 0);
    CHECK(kept->predicted == 0);
    CHECK(kept->group == "even");
    CHECK(kept->references == std::map<std::string, std::vector<double>>{{"blank_out", {1, 2, 3, 4, 5}}});
    CHECK(kept->attention.layers() == 2);
    CHECK(kept->attention.heads() == 3);
    CHECK(kept->attention.tokens() == 5);
    CHECK(kept->attention.dtype() == DType::f32);
    CHECK(validate(kept->attention, kept->id).largest_deviation < 1e-6);
}

TEST_CASE("edge weights may be named by a call, dots and all", "[dataset]") {
    const TemporaryDirectory directory;
    const Dataset dataset =
        open_with(directory, {counting("a.b.attentions", {2, 3, 2, 2}),
                              counting("a.b.weights(0.5, 1.25)", {2, 2, 2}), counting("a.b.plain", {2, 2, 2})});
    REQUIRE(dataset.ids() == Strings{"a.b"});
    CHECK(dataset.example(0).weights.contains("weights(0.5, 1.25)"));
    CHECK(dataset.example(0).weights.contains("plain"));
    const TemporaryDirectory other;
    const Dataset only = open_with(other, {counting("a.b.weights(0.5)", {2, 3, 2, 2})});
    REQUIRE(only.ids() == Strings{"a.b"});
    CHECK(only.example(0).weights.contains("weights(0.5)"));
}

TEST_CASE("layers, heads, queries and keys are where they belong", "[dataset]") {
    const TemporaryDirectory directory;
    const Example whole = open_with(directory, {counting("a.attentions", {2, 3, 2, 2})}).example(0);
    CHECK(head_of(whole, 1, 2) == std::vector<double>{20, 21, 22, 23});

    NewTensor lower = counting("a.attentions.0", {3, 2, 2});
    NewTensor upper = counting("a.attentions.1", {3, 2, 2});
    for (double& value : upper.values) value += 12;
    const Example split = open_with(directory, {upper, lower}).example(0);
    for (std::size_t layer = 0; layer < 2; ++layer) {
        for (std::size_t head = 0; head < 3; ++head)
            CHECK(head_of(split, layer, head) == head_of(whole, layer, head));
    }
    std::vector<double> out(4);
    CHECK_THROWS_AS(whole.attention.read_head(2, 0, out), InternalError);
    CHECK_THROWS_AS(whole.attention.read_head(0, 3, out), InternalError);
    out.resize(5);
    CHECK_THROWS_AS(whole.attention.read_head(0, 0, out), InternalError);
}

TEST_CASE("ten and more layers are in the order of their numbers", "[dataset]") {
    const TemporaryDirectory directory;
    std::vector<NewTensor> tensors;
    for (std::size_t layer = 0; layer < 12; ++layer) {
        tensors.push_back(
            {"attentions." + std::to_string(layer), DType::f64, {1, 1, 1}, {static_cast<double>(layer)}});
    }
    const Example example = open_with(directory, tensors).example(0);
    CHECK(head_of(example, 2, 0) == std::vector<double>{2});
    CHECK(head_of(example, 11, 0) == std::vector<double>{11});
}

TEST_CASE("a single-example file is a dataset of one", "[dataset]") {
    const TemporaryDirectory directory;
    const Dataset dataset = open_with(
        directory, {counting("attentions", {2, 1, 3, 3}), counting("score", {3}), counting("logits", {2})},
        {{"tokens", R"(["a", " b", "c"])"}, {"prompt", "a bc"}, {"examples", "5"}, {"labels", "none"}});
    CHECK(dataset.ids() == Strings{"file"});
    const Example example = dataset.example(0);
    CHECK(example.tokens == Strings{"a", " b", "c"});
    CHECK(example.references == std::map<std::string, std::vector<double>>{{"score", {0, 1, 2}}});
    CHECK(head_of(example, 1, 0).front() == 9);
}

TEST_CASE("a batch is split", "[dataset]") {
    const TemporaryDirectory directory;
    const Metadata tokens = {{"tokens", R"([["a", "b"], ["c", "d"], ["e", "f"]])"}};
    const Dataset whole = open_with(directory,
                                    {counting("attentions", {3, 1, 2, 2, 2}), counting("score", {3, 2}),
                                     counting("lrp", {3, 1, 2, 2}), counting("whose", {2})},
                                    tokens);
    CHECK(whole.ids() == Strings{"file/0", "file/1", "file/2"});
    const Example last = whole.example(2);
    CHECK(last.tokens == Strings{"e", "f"});
    CHECK(head_of(last, 0, 1) == std::vector<double>{20, 21, 22, 23});
    CHECK(last.references == std::map<std::string, std::vector<double>>{{"score", {4, 5}}});
    REQUIRE(last.weights.contains("lrp"));
    CHECK(last.weights.at("lrp").values() == std::vector<double>{8, 9, 10, 11});

    const Dataset layers =
        open_with(directory, {counting("attentions.0", {3, 1, 2, 2}), counting("attentions.1", {3, 1, 2, 2})});
    CHECK(layers.size() == 3);
    CHECK(layers.example(1).attention.layers() == 2);
    CHECK(layers.example(1).tokens == Strings{"#0", "#1"});
    CHECK(head_of(layers.example(1), 1, 0) == std::vector<double>{4, 5, 6, 7});

    for (const char* list : {R"(["a", "b"])", R"([["a", "b"]])"}) {
        const Dataset one = open_with(directory, {counting("attentions", {1, 1, 2, 2, 2})}, {{"tokens", list}});
        CHECK(one.ids() == Strings{"file"});
        CHECK(one.example(0).tokens == Strings{"a", "b"});
    }
}

TEST_CASE("one layer, one head, one token", "[dataset]") {
    const TemporaryDirectory directory;
    const Dataset dataset = open_with(directory, {{"attentions", DType::f32, {1, 1, 1, 1}, {1.0}}});
    const Example example = dataset.example(0);
    CHECK(example.tokens == Strings{"#0"});
    CHECK(head_of(example, 0, 0) == std::vector<double>{1.0});
    CHECK(validate(example.attention, example.id).causal);
}

TEST_CASE("further tensors are references or weights by their shape", "[dataset]") {
    const TemporaryDirectory directory;
    const Dataset dataset = open_with(
        directory, {attention_tensor("a.attentions", 2, 3, 4), attention_tensor("a.b.attentions", 1, 1, 2),
                    counting("a.score", {4}, DType::f32), counting("a.input_ids", {4}, DType::i64),
                    counting("a.logits", {2}), counting("a.alti", {2, 4, 4}), counting("a.lrp", {2, 3, 4, 4}),
                    counting("a.odd", {3, 4, 4}), counting("a.b.score", {2}), counting("nobody.score", {4}),
                    counting("score", {4}), counting("a.counts", {2, 4, 4}, DType::i64)});
    const Example a = dataset.example(0);
    CHECK(a.references ==
          std::map<std::string, std::vector<double>>{{"score", {0, 1, 2, 3}}});  // input_ids are no scores
    REQUIRE(a.weights.size() == 2);
    CHECK(a.weights.at("alti").shape == std::vector<std::size_t>{2, 4, 4});
    CHECK(a.weights.at("lrp").shape == std::vector<std::size_t>{2, 3, 4, 4});
    CHECK(dataset.ids() == Strings{"a", "a.b"});
    CHECK(dataset.example(1).references == std::map<std::string, std::vector<double>>{{"score", {0, 1}}});
}

TEST_CASE("metadata gives order, tokens and labels", "[dataset]") {
    const TemporaryDirectory directory;
    const std::vector<NewTensor> tensors = {attention_tensor("a.attentions", 1, 1, 1),
                                            attention_tensor("b.attentions", 1, 1, 2)};
    const Dataset listed = open_with(
        directory, tensors,
        {{"examples",
          R"([{"id": "b", "label": 3, "predicted": null, "attractors": 2, "probabilities": "?"}, {"id": "a"}])"},
         {"tokens", R"({"a": ["x"], "other": 5})"},
         {"labels", "not JSON, not needed"}});
    CHECK(listed.ids() == Strings{"b", "a"});
    CHECK(listed.index_of("a") == 1);
    CHECK(listed.example(0).label == 3);
    CHECK(listed.example(0).attractors == 2);
    CHECK_FALSE(listed.example(0).predicted.has_value());
    CHECK(listed.example(0).tokens == Strings{"#0", "#1"});
    CHECK(listed.example(1).tokens == Strings{"x"});
    CHECK(listed.example(1).group.empty());

    const Dataset by_id = open_with(
        directory, tensors, {{"tokens", R"({"b": ["x", "y"]})"}, {"labels", R"({"b": 1})"}, {"notes", "{{{"}});
    CHECK(by_id.ids() == Strings{"a", "b"});
    CHECK(by_id.example(0).tokens == Strings{"#0"});
    CHECK_FALSE(by_id.example(0).label.has_value());
    CHECK(by_id.example(1).tokens == Strings{"x", "y"});
    CHECK(by_id.example(1).label == 1);

    // Tokens that the list already gives are not looked for elsewhere.
    const Dataset complete =
        open_with(directory, tensors,
                  {{"examples", R"([{"id": "a", "tokens": ["x"]}, {"id": "b", "tokens": ["y", "z"]}])"},
                   {"tokens", "see examples"}});
    CHECK(complete.example(1).tokens == Strings{"y", "z"});
}

TEST_CASE("an unknown example is answered with the nearest", "[dataset]") {
    const TemporaryDirectory directory;
    const std::string path = write_small_dataset(directory.file("d.safetensors"), 1, 1, {2, 2});
    const Dataset dataset = Dataset::open(path);
    CHECK(message_of<ParameterError>([&] { dataset.index_of("exo"); }) ==
          path + ": no example 'exo'; did you mean 'ex0'?");
    CHECK(message_of<ParameterError>([&] { dataset.index_of("something"); }) ==
          path + ": no example 'something'; it has 2, from 'ex0' to 'ex1'");
    CHECK(message_of<ParameterError>([&] { dataset.example(2); }) == path + ": no example 2, expected 0 to 1");
}

TEST_CASE("attention of the wrong form is refused", "[dataset]") {
    const auto begins = [](const std::vector<NewTensor>& tensors, const std::string& text) {
        CHECK_THAT(refusal(tensors), Catch::StartsWith(text));
    };
    begins({}, "no attention among its tensors: none at all: ");
    begins({counting("weights", {2})}, "no attention among its tensors: weights [2]: ");
    const std::string all = ", expected [layer, head, query, key]: ";
    begins({counting("ex0.attentions", {2, 3, 3})}, "tensor 'ex0.attentions': shape [2, 3, 3] has 3 axes" + all);
    begins(
        {counting("ex0.attentions", {3, 2, 1, 3, 3})},
        "tensor 'ex0.attentions': shape [3, 2, 1, 3, 3] has no axis of the 1 examples that its example id says" +
            all);
    begins({counting("attentions", {3, 3})}, "tensor 'attentions': shape [3, 3] has 2 axes" + all);
    begins({counting("attentions.0", {3, 3})},
           "tensor 'attentions.0': shape [3, 3] has 2 axes, expected [head, query, key]: ");
    begins({counting("attentions", {2, 1, 1, 1, 3, 3})},
           "tensor 'attentions': shape [2, 1, 1, 1, 3, 3] has 6 axes" + all);
    CHECK_THAT(refusal({counting("attentions", {2, 1, 1, 1, 3, 3})}),
               Catch::EndsWith("`weights = weights.reshape(2, 1, 3, 3)`"));
    begins({counting("attentions", {2, 2, 2, 1, 3, 3})},
           "tensor 'attentions': shape [2, 2, 2, 1, 3, 3] has 6 axes" + all + "it is no attention");
    begins({counting("ex0.attentions", {2, 1, 3, 4})},
           "tensor 'ex0.attentions': shape [2, 1, 3, 4] has 3 queries and 4 keys, expected as many queries as "
           "keys: ");
    begins({counting("attentions", {2, 3, 1, 3, 3})},
           "tensor 'attentions': shape [2, 3, 1, 3, 3] has 5 axes, and nothing says whether");
    CHECK(refusal({counting("ex0.attentions", {2, 1, 0, 0})}) ==
          "tensor 'ex0.attentions': shape [2, 1, 0, 0], expected no empty axis");
    CHECK(refusal({counting("ex0.attentions", {0, 1, 2, 2})}) ==
          "tensor 'ex0.attentions': shape [0, 1, 2, 2], expected no empty axis");
    begins({counting("attentions", {1000000000000000, 0, 1, 1, 1})},
           "tensor 'attentions': shape [1000000000000000, 0, 1, 1, 1] has 5 axes, and nothing says whether");
    begins({counting("attentions", {1000000000000000, 1, 0, 1, 1})},
           "tensor 'attentions': shape [1000000000000000, 1, 0, 1, 1], expected no empty axis");
    CHECK(refusal({counting("ex0.attentions", {1, 1, 2, 2}, DType::i64)}) ==
          "tensor 'ex0.attentions': attention of type I64, expected F64, F32, F16 or BF16");
    CHECK(refusal({counting(".attentions", {1, 1, 2, 2})}) ==
          "tensor '.attentions': empty example id, expected ID.attentions");
}

TEST_CASE("layers that do not make a stack are refused", "[dataset]") {
    CHECK(refusal({counting("ex0.attentions.0", {1, 2, 2}), counting("ex0.attentions.2", {1, 2, 2})}) ==
          "tensor 'ex0.attentions.2': layer 1 is missing, expected layers 0, 1, ... without gaps");
    CHECK(refusal({counting("attentions.1", {1, 2, 2})}) ==
          "tensor 'attentions.1': layer 0 is missing, expected layers 0, 1, ... without gaps");
    CHECK(refusal({counting("ex0.attentions.0", {1, 2, 2}), counting("ex0.attentions.00", {1, 2, 2})}) ==
          "tensor 'ex0.attentions.00': layer 0 is also in 'ex0.attentions.0'");
    CHECK(refusal({ex0, counting("ex0.attentions.0", {1, 2, 2})}) ==
          "tensor 'ex0.attentions.0': expected either one tensor of all layers or one for each layer, not both");
    CHECK(
        refusal({counting("a.attentions.0", {1, 2, 2}), counting("a.attentions.1", {2, 2, 2})}) ==
        "tensor 'a.attentions.1': F64 of shape [2, 2, 2], expected F64 of shape [1, 2, 2] as in 'a.attentions.0'");
    CHECK(
        refusal({counting("a.attentions.0", {1, 2, 2}), counting("a.attentions.1", {1, 2, 2}, DType::f32)}) ==
        "tensor 'a.attentions.1': F32 of shape [1, 2, 2], expected F64 of shape [1, 2, 2] as in 'a.attentions.0'");
    CHECK(
        refusal({counting("attentions.0", {1, 2, 2}), counting("attentions.1", {1, 1, 2, 2})}) ==
        "tensor 'attentions.1': F64 of shape [1, 1, 2, 2], expected F64 of shape [1, 2, 2] as in 'attentions.0'");
    CHECK(refusal({ex0, attention_tensor("attentions", 1, 1, 2)}) ==
          "attention with and without an example id ('ex0'), expected one or the other");
}

TEST_CASE("metadata that is needed and wrong is refused", "[dataset]") {
    const auto examples = [](const std::string& text) { return refusal({ex0}, {{"examples", text}}); };
    CHECK(examples("[") ==
          "metadata 'examples': not valid JSON at byte 1 after '[': syntax error while parsing value - "
          "unexpected end of input; expected '[', '{', or a literal");
    CHECK(examples("200") == "metadata 'examples': has type number, expected a list");
    CHECK(examples(R"([{"id": "ex0"}, "ex1"])") ==
          "metadata 'examples': entry 1 is \"ex1\", expected an object with a string 'id'");
    CHECK(examples(R"([{"id": 7}])") ==
          "metadata 'examples': entry 0 is {\"id\":7}, expected an object with a string 'id'");
    CHECK(examples(R"([{"id": "ex0"}, {"id": "ex0"}])") == "metadata 'examples': 'ex0' is listed twice");
    CHECK(examples(R"([{"id": "ex0"}, {"id": "ex1"}])") ==
          "metadata 'examples': 'ex1' has no tensor 'ex1.attentions'");
    CHECK(examples("[]") ==
          "metadata 'examples': 'ex0' is missing, expected every example with attention to be listed");
    CHECK(examples(R"([{"id": "ex0", "tokens": ["a"]}])") ==
          "metadata 'examples': 'ex0': 1 tokens, expected 2 as in the attention");
    CHECK(examples(R"([{"id": "ex0", "tokens": []}])") ==
          "metadata 'examples': 'ex0': 0 tokens, expected 2 as in the attention");
    CHECK_THAT(examples(R"([{"id": "ex0", "tokens": ["a", 2]}])"),
               Catch::StartsWith("metadata 'examples': 'ex0': token 1 is 2, expected a text: "));
    CHECK(examples(R"([{"id": "ex0", "label": "yes"}])") ==
          "metadata 'examples': 'ex0': label: \"yes\", expected an integer");
    CHECK(examples(R"([{"id": "ex0", "predicted": 0.5}])") ==
          "metadata 'examples': 'ex0': predicted: 0.5, expected an integer");
    CHECK_THAT(examples(R"([{"id": "ex0", "position": 99}])"),
               Catch::StartsWith("metadata 'examples': 'ex0': position 99, expected that of the masked token"));
    CHECK(examples(R"([{"id": "ex0", "group": 1}])") == "metadata 'examples': 'ex0': group 1, expected a string");

    const auto tokens = [](const std::string& text) { return refusal({ex0}, {{"tokens", text}}); };
    CHECK(tokens(R"(["a", "b"])") == "metadata 'tokens': has type array, expected an object by example id");
    CHECK(tokens(R"({"ex0": ["a", "b", "c"]})") ==
          "metadata 'tokens': 'ex0': 3 tokens, expected 2 as in the attention");
    CHECK_THAT(tokens(R"({"ex0": "ab"})"),
               Catch::StartsWith("metadata 'tokens': 'ex0': tokens is the text 'ab', expected a list of texts: "));
    CHECK_THAT(tokens("a b"), Catch::StartsWith("metadata 'tokens': not valid JSON at byte 0"));
    CHECK(refusal({ex0}, {{"labels", R"({"ex0": "yes"})"}}) ==
          "metadata 'labels': 'ex0': \"yes\", expected an integer");

    const auto single = [](const std::string& text, std::vector<std::size_t> shape) {
        return refusal({counting("attentions", std::move(shape))}, {{"tokens", text}});
    };
    CHECK(single(R"(["a"])", {1, 1, 2, 2}) == "metadata 'tokens': 1 tokens, expected 2 as in the attention");
    CHECK(single(R"({"a": []})", {1, 1, 2, 2}) ==
          "metadata 'tokens': tokens {\"a\":[]}, expected a list of strings");
    CHECK_THAT(
        single(R"(["a", "b"])", {2, 2, 1, 2, 2}),
        Catch::StartsWith("tensor 'attentions': shape [2, 2, 1, 2, 2] has no axis of the 1 examples that metadata "
                          "tokens says"));
    CHECK_THAT(single(R"([["a", "b"], ["c", "d"]])", {2, 1, 2, 2}),
               Catch::Contains("has 2 layers, but metadata tokens says 2 examples"));
    CHECK_THAT(single(R"([["a", "b"], ["c", "d"]])", {3, 1, 2, 2}),
               Catch::Contains("has no axis of the 2 examples"));
    CHECK_THAT(single(R"([["a", "b"], ["c", "d"]])", {2, 2, 1, 2, 2}), Catch::Contains("nothing says whether"));
    CHECK(single(R"([["a", "b"], ["c"]])", {2, 1, 1, 2, 2}) ==
          "metadata 'tokens': 1 tokens, expected 2 as in the attention");
}

TEST_CASE("attention from values in memory", "[dataset]") {
    const auto stack = AttentionStack::from_values(2, 1, 1, {0.25, 0.5});
    CHECK(stack.layers() == 2);
    CHECK(stack.heads() == 1);
    CHECK(stack.tokens() == 1);
    CHECK(stack.dtype() == DType::f64);
    std::vector<double> out(1);
    stack.read_head(1, 0, out);
    CHECK(out == std::vector<double>{0.5});
    CHECK(message_of<ParameterError>([] { AttentionStack::from_values(2, 1, 2, {1.0}); }) ==
          "attention: 1 values, expected 8 for shape [2, 1, 2, 2], at least one");
    CHECK_THROWS_AS(AttentionStack::from_values(0, 1, 1, {}), ParameterError);
    CHECK_THROWS_AS(AttentionStack({}, nullptr, "x"), InputError);
}

TEST_CASE("a hundred thousand tensors open in good time", "[dataset]") {
    const TemporaryDirectory directory;
    std::vector<NewTensor> tensors;
    std::string examples = "[";
    for (int i = 0; i < 50'000; ++i) {
        const std::string id = "ex" + std::to_string(i);
        tensors.push_back({id + ".attentions", DType::f32, {1, 1, 1, 1}, {1.0}});
        tensors.push_back({id + ".score", DType::f32, {1}, {1.0}});
        examples += (i == 0 ? "{\"id\": \"" : ", {\"id\": \"") + id + "\", \"tokens\": [\"a\"]}";
    }
    const Dataset dataset = open_with(directory, tensors, {{"examples", examples + "]"}});
    CHECK(dataset.size() == 50'000);
    CHECK(dataset.example(dataset.index_of("ex49999")).references.contains("score"));
}

TEST_CASE("what tells examples from layers", "[dataset]") {
    const TemporaryDirectory directory;
    const auto shape = [&](const std::vector<std::size_t>& axes, const std::vector<NewTensor>& more,
                           const Metadata& metadata) {
        std::vector<NewTensor> tensors{counting("attentions", axes)};
        tensors.insert(tensors.end(), more.begin(), more.end());
        const Dataset dataset = open_with(directory, tensors, metadata);
        return std::pair(dataset.size(), dataset.example(0).attention.layers());
    };
    using Sizes = std::pair<std::size_t, std::size_t>;  // examples, layers
    const std::vector<std::size_t> two_three{2, 3, 1, 2, 2};
    CHECK(shape(two_three, {}, {{"tokens", R"([["a", "b"], ["c", "d"]])"}}) == Sizes{2, 3});
    CHECK(shape(two_three, {}, {{"tokens", R"([["a", "b"], ["c", "d"], ["e", "f"]])"}}) == Sizes{3, 2});
    const std::vector<std::size_t> four_tokens{2, 3, 1, 4, 4};
    CHECK(shape(four_tokens, {counting("input_ids", {3, 4}, DType::i64)}, {}) == Sizes{3, 2});
    CHECK(shape(four_tokens, {counting("input_ids", {2, 4}, DType::i64)}, {}) == Sizes{2, 3});
    CHECK_THAT(refusal({counting("attentions", four_tokens), counting("input_ids", {3, 5}, DType::i64)}),
               Catch::Contains("nothing says whether"));  // ids of another text
    CHECK(shape(two_three, {}, {{"axes", "layer, batch, head, query, key"}}) == Sizes{3, 2});
    CHECK(shape(two_three, {}, {{"axes", "batch,layer,head,query,key"}}) == Sizes{2, 3});
    CHECK(shape({1, 3, 1, 2, 2}, {}, {}) == Sizes{1, 3});
    CHECK(shape({3, 1, 1, 2, 2}, {}, {}) == Sizes{1, 3});
    CHECK(shape({2, 1, 2, 2}, {}, {{"axes", "layer,head,query,key"}}) == Sizes{1, 2});
    CHECK(shape({2, 1, 2, 2}, {}, {{"axes", "x and y"}}) == Sizes{1, 2});
    CHECK_THAT(refusal({counting("attentions", {2, 1, 2, 2})}, {{"axes", "layer,head,key,query"}}),
               Catch::Contains("metadata axes says 'layer,head,key,query'"));
    CHECK_THAT(refusal({counting("attentions", two_three)},
                       {{"axes", "layer,batch,head,query,key"}, {"tokens", R"([["a", "b"], ["c", "d"]])"}}),
               Catch::Contains("has no axis of the 2 examples that metadata tokens says"));
    // The right weights, not only the right number of them.
    const Dataset stacked =
        open_with(directory, {counting("attentions", {2, 3, 1, 2, 2}), counting("score", {3, 2})},
                  {{"axes", "layer,batch,head,query,key"}});
    CHECK(head_of(stacked.example(2), 0, 0) == std::vector<double>{8, 9, 10, 11});
    CHECK(head_of(stacked.example(2), 1, 0) == std::vector<double>{20, 21, 22, 23});
    CHECK(stacked.example(2).references.at("score") == std::vector<double>{4, 5});
    const Dataset one = open_with(directory, {counting("attentions", {2, 1, 3, 2, 2}),
                                              counting("lrp", {2, 1, 3, 2, 2}), counting("norms", {2, 1, 2, 2})});
    CHECK(one.example(0).weights.at("lrp").shape == std::vector<std::size_t>{2, 3, 2, 2});
    CHECK(one.example(0).weights.at("norms").shape == std::vector<std::size_t>{2, 2, 2});
    CHECK(one.notes().size() == 1);
}

TEST_CASE("an attention mask leaves padding out of everything", "[dataset][padding]") {
    const TemporaryDirectory directory;
    const auto mask = [](const std::string& name, std::vector<std::size_t> shape, std::vector<double> values) {
        return NewTensor{name, DType::i64, std::move(shape), std::move(values)};
    };
    const Dataset dataset =
        open_with(directory,
                  {counting("a.attentions", {1, 2, 4, 4}), mask("a.attention_mask", {4}, {0, 1, 0, 1}),
                   counting("a.score", {4}), counting("a.norms", {1, 4, 4}),
                   counting("b.attentions", {1, 2, 2, 2}), mask("b.attention_mask", {1, 2}, {1, 1})},
                  {{"examples", R"([{"id": "a", "tokens": ["p", "q", "r", "s"], "position": 3}, {"id": "b"}])"}});
    const Example a = dataset.example(0);
    CHECK(a.tokens == Strings{"q", "s"});
    CHECK(a.attention.tokens() == 2);
    CHECK(head_of(a, 0, 1) == std::vector<double>{16 + 5, 16 + 7, 16 + 13, 16 + 15});
    CHECK(a.references.at("score") == std::vector<double>{1, 3});
    CHECK(a.masked == 1);
    const AttentionStack norms = weights_by_name(a, "norms");
    std::vector<double> head(4);
    norms.read_head(0, 0, head);
    CHECK(head == std::vector<double>{5, 7, 13, 15});
    std::vector<double> row(2);
    a.attention.read_rows(0, 0, 1, row);
    CHECK(row == std::vector<double>{13, 15});
    CHECK(dataset.example(1).tokens == Strings{"#0", "#1"});
    CHECK(dataset.notes() ==
          Strings{"2 positions of padding in 1 example left out, by attention_mask; positions are "
                  "counted without padding"});
    // Texts for the tokens alone.
    CHECK(open_with(directory, {counting("attentions", {1, 1, 3, 3}), mask("attention_mask", {3}, {1, 1, 0})},
                    {{"tokens", R"(["x", "y"])"}})
              .example(0)
              .tokens == Strings{"x", "y"});

    // With axes of 1, as models make them.
    for (const std::vector<std::size_t>& shape :
         {std::vector<std::size_t>{3}, {1, 3}, {3, 1}, {1, 1, 3}, {1, 1, 1, 3}, {1, 3, 1, 1}}) {
        for (const char* name : {"attention_mask", "attn_mask"}) {
            const Dataset shaped =
                open_with(directory, {counting("attentions", {1, 1, 3, 3}), mask(name, shape, {1, 1, 0})});
            CHECK(shaped.example(0).tokens == Strings{"#0", "#1"});
            const Dataset batch =
                open_with(directory, {counting("attentions", {1, 1, 1, 3, 3}), mask(name, shape, {1, 1, 0})});
            CHECK(batch.example(0).tokens == Strings{"#0", "#1"});
        }
    }
    const Dataset two = open_with(
        directory,
        {counting("attentions", {2, 1, 1, 3, 3}), mask("attention_mask", {2, 1, 1, 3}, {1, 1, 0, 0, 1, 1})},
        {{"axes", "batch,layer,head,query,key"}});
    CHECK(head_of(two.example(0), 0, 0) == std::vector<double>{0, 1, 3, 4});
    CHECK(head_of(two.example(1), 0, 0) == std::vector<double>{9 + 4, 9 + 5, 9 + 7, 9 + 8});

    const auto refused = [&](NewTensor tensor, const std::string& text) {
        CHECK_THAT(refusal({counting("attentions", {1, 1, 3, 3}), std::move(tensor)}), Catch::Contains(text));
    };
    refused(mask("attention_mask", {3}, {1, 2, 0}),
            "attention_mask holds 2, expected 1 for tokens and 0 for padding");
    refused(mask("attention_mask", {3}, {0, 0, 0}), "attention_mask is 0 everywhere");
    refused(counting("attention_mask", {1, 1, 3, 3}), "attention_mask has F64 of shape [1, 1, 3, 3]");
    refused(mask("attention_mask", {2}, {1, 0}), "attention_mask has I64 of shape [2], expected [3] integers");
    refused(counting("attention_mask", {3, 3}), "attention_mask has F64 of shape [3, 3], expected [3] integers");
    CHECK_THAT(refusal({ex0, mask("ex0.attention_mask", {2}, {0, 1})},
                       {{"examples", R"([{"id": "ex0", "position": 0}])"}}),
               Catch::Contains("position 0, expected one that its attention_mask keeps"));
    CHECK_THAT(refusal({counting("layers.0", {3, 4}), mask("attention_mask", {4}, {1, 1, 1, 0})}),
               Catch::Contains("padding in layers of different width"));
    CHECK(
        open_with(directory, {counting("attentions", {1, 1, 2, 2}), counting("padding_mask", {2})})
            .notes()
            .front() ==
        "tensor 'padding_mask' is not read: what such masks call 1, padding or tokens, differs between libraries; "
        "call it attention_mask, with 1 for tokens and 0 for padding");
}

TEST_CASE("unknown words are counted without padding on either side", "[dataset][padding]") {
    const TemporaryDirectory directory;
    const auto unknown = [&](const std::string& entry) {
        const Dataset dataset = open_with(
            directory,
            {counting("a.attentions", {1, 1, 5, 5}), {"a.attention_mask", DType::i64, {5}, {0, 1, 1, 1, 0}}},
            {{"examples", R"([{"id": "a", "tokens": )" + entry + "}]"}});
        const UnknownWords words = dataset.example(0).unknown;
        CHECK(dataset.count_unknown().words == words.positions.size());
        return words.positions;
    };
    using Positions = std::vector<std::size_t>;
    // Listed by the positions in the tensors, padding among them or not; or by the tokens' text.
    CHECK(unknown(R"(["p", "q", "r", "s", "t"], "unknown": [1, 3])") == Positions{0, 2});
    CHECK(unknown(R"(["p", "q", "r", "s", "t"], "unknown": [0, 2, 4])") == Positions{1});
    CHECK(unknown(R"(["p", "q", "r", "s", "t"], "unknown": [0])").empty());
    CHECK(unknown(R"(["[UNK]", "q", "r", "[UNK]", "[UNK]"])") == Positions{2});
}

TEST_CASE("words that the model did not know are those listed, else those called so", "[dataset]") {
    const TemporaryDirectory directory;
    const std::vector<NewTensor> tensors{ex0, attention_tensor("ex1.attentions", 1, 1, 3)};
    const auto words_of = [&](const Metadata& metadata, std::size_t example) {
        const UnknownWords words = open_with(directory, tensors, metadata).example(example).unknown;
        return std::pair(words.token, words.positions);
    };
    using Positions = std::vector<std::size_t>;
    const std::string listed = R"([{"id": "ex0", "tokens": ["x", "y"], "unknown": [1]},
                                   {"id": "ex1", "tokens": ["[UNK]", "z", "<unk>"]}])";
    CHECK(words_of({{"examples", listed}}, 0) == std::pair(std::string("[UNK]"), Positions{1}));
    CHECK(words_of({{"examples", listed}}, 1) == std::pair(std::string("<unk>"), Positions{0, 2}));
    const Metadata named{{"examples", listed}, {"unknown_token", "z"}};
    CHECK(words_of(named, 0) == std::pair(std::string("z"), Positions{1}));
    CHECK(words_of(named, 1) == std::pair(std::string("z"), Positions{1}));
    CHECK(words_of({}, 0).second.empty());
    // An empty list says that there are none, whatever the tokens are called.
    CHECK(words_of({{"examples", R"([{"id": "ex0", "tokens": ["[UNK]", "y"], "unknown": []}, {"id": "ex1"}])"}}, 0)
              .second.empty());
    const auto count = open_with(directory, tensors, {{"examples", listed}}).count_unknown();
    CHECK(count.words == 3);
    CHECK(count.examples == 2);
    CHECK(open_with(directory, tensors).count_unknown().words == 0);
    const UnknownWords words{"[UNK]", {1, 3}};
    CHECK(words.has(3));
    CHECK_FALSE(words.has(2));

    for (const char* wrong : {"[2]", "[1, 1]", "[1, 0]", "[-1]", "[0.5]", "1", "[\"x\"]"}) {
        INFO(wrong);
        const std::string text = R"([{"id": "ex0", "tokens": ["x", "y"], "unknown": )" + std::string(wrong) + "}]";
        CHECK(refusal({ex0}, {{"examples", text}}).starts_with("metadata 'examples': 'ex0': unknown: "));
    }
    CHECK(
        refusal({ex0}, {{"examples", R"([{"id": "ex0", "unknown": [2]}])"}}) ==
        "metadata 'examples': 'ex0': unknown: [2], expected a list of positions in ascending order, each one of 0 "
        "to 1");
}

TEST_CASE("positions are counted as the tokens are given, with padding or without", "[dataset][padding]") {
    const TemporaryDirectory directory;
    const std::vector<NewTensor> tensors{counting("a.attentions", {1, 1, 7, 7}),
                                         {"a.attention_mask", DType::i64, {7}, {0, 0, 1, 1, 1, 1, 1}}};
    const std::string kept = R"(["p", "q", "r", "s", "t"])";
    const std::string all = R"(["x", "x", "p", "q", "r", "s", "t"])";
    const auto listed = [](const std::string& more) {
        return Metadata{{"examples", R"([{"id": "a")" + more + "}]"}};
    };
    const auto check = [&](const Metadata& metadata) {
        const Example a = open_with(directory, tensors, metadata).example(0);
        CHECK(a.tokens == Strings{"p", "q", "r", "s", "t"});
        CHECK(a.masked == 1);
        CHECK(a.unknown.positions == std::vector<std::size_t>{0, 4});
    };
    check(listed(R"(, "tokens": )" + kept + R"(, "position": 1, "unknown": [0, 4])"));
    check(listed(R"(, "tokens": )" + all + R"(, "position": 3, "unknown": [2, 6])"));
    Metadata beside = listed(R"(, "position": 1, "unknown": [0, 4])");
    beside["tokens"] = R"({"a": )" + kept + "}";
    check(beside);
    for (const char* more : {R"(, "position": 5)", R"(, "unknown": [0, 5])"}) {
        const std::string refused = refusal(tensors, listed(R"(, "tokens": )" + kept + more));
        INFO(refused);
        CHECK_THAT(refused, Catch::Contains("one of 0 to 4"));
    }
}

TEST_CASE("masks and ids are no references; one mask of a usual name is honoured", "[dataset][padding]") {
    const TemporaryDirectory directory;
    const NewTensor attention = counting("attentions", {1, 1, 3, 3});
    std::vector<NewTensor> tensors{attention, counting("score", {3}), counting("kids", {3})};
    for (const char* name :
         {"src_mask", "seq_mask", "pixel_mask", "mems_mask", "cls_mask", "attnmask", "input_tokens", "tokens_ids",
          "pos_ids", "inputIds", "start_positions", "offset", "char_offsets", "token_id", "segment"})
        tensors.push_back(counting(name, {3}));
    const auto references = open_with(directory, tensors).example(0).references;
    CHECK(references.size() == 2);
    CHECK(references.count("score") == 1);
    CHECK(references.count("kids") == 1);

    const auto mask = [](const std::string& name, std::vector<double> values) {
        return NewTensor{name, DType::i64, {values.size()}, values};
    };
    for (const std::string name : {"attn_mask", "input_mask"}) {
        const Dataset dataset = open_with(directory, {attention, mask(name, {0, 1, 1})});
        CHECK(dataset.example(0).tokens.size() == 2);
        CHECK(dataset.example(0).references.empty());
        CHECK(dataset.notes() == Strings{"1 position of padding in 1 example left out, by '" + name +
                                         "', which is read as attention_mask; positions are counted without "
                                         "padding"});
    }
    const auto not_read = [&](const std::vector<NewTensor>& more, const std::string& name) {
        std::vector<NewTensor> all{attention};
        all.insert(all.end(), more.begin(), more.end());
        const Dataset dataset = open_with(directory, all);
        CHECK(dataset.example(0).tokens.size() == 3);
        REQUIRE(dataset.notes().size() == 1);
        CHECK_THAT(dataset.notes().front(), Catch::StartsWith("tensor '" + name + "' is not read: ") &&
                                                Catch::Contains("call it attention_mask"));
    };
    not_read({mask("attn_mask", {0, 1, 1}), mask("input_mask", {1, 1, 0})}, "attn_mask");
    not_read({mask("attn_mask", {-9, 0, 0})}, "attn_mask");
    not_read({mask("src_mask", {1, 1, 0})}, "src_mask");
    for (const auto& tensor : {mask("src_mask", {1, 1, 1}), mask("special_tokens_mask", {1, 0, 1}),
                               mask("rationale_mask", {0, 1, 0}), counting("causal_mask", {3, 3})})
        CHECK(open_with(directory, {attention, tensor}).notes().empty());
    // A reference for who asks for it.
    const Example asked =
        open_with(directory, {attention, mask("rationale_mask", {0, 1, 0}), mask("kids", {1, 2, 3}),
                              mask("input_ids", {7, 8, 9}), mask("attention_mask", {1, 1, 0})})
            .example(0);
    REQUIRE(asked.reference("rationale_mask") != nullptr);
    CHECK(*asked.reference("rationale_mask") == std::vector<double>{0, 1});
    CHECK(*asked.reference("kids") == std::vector<double>{1, 2});
    CHECK(asked.references.size() == 1);
    CHECK(asked.reference("input_ids") == nullptr);
    CHECK(asked.reference("attention_mask") == nullptr);
    // What is called as it should be decides.
    CHECK(open_with(directory, {attention, mask("attention_mask", {1, 1, 1}), mask("attn_mask", {1, 0, 0})})
              .example(0)
              .tokens.size() == 3);
}

TEST_CASE("what may be one layer of a batch is said", "[dataset]") {
    const TemporaryDirectory directory;
    const NewTensor attention = counting("attentions", {3, 4, 5, 5});
    const Dataset asked =
        open_with(directory, {attention, counting("logits", {3, 2}), counting("norms", {3, 5, 5})});
    REQUIRE(asked.notes().size() == 1);
    CHECK_THAT(asked.notes().front(),
               Catch::Contains("shape [3, 4, 5, 5] is read as 3 layers, and beside it 'logits' "
                               "[3, 2] begins with 3 too") &&
                   Catch::Contains("torch.stack(outputs.attentions, dim=1)"));
    CHECK(open_with(directory, {attention, counting("norms", {3, 5, 5}), counting("logits", {1, 2})})
              .notes()
              .empty());
    // Tokens tell that it is one example.
    CHECK(
        open_with(directory, {attention, counting("logits", {3, 2})}, {{"tokens", R"(["a", "b", "c", "d", "e"])"}})
            .notes()
            .empty());
}

TEST_CASE("tokens that are no texts, or numbers written as texts", "[dataset][names]") {
    const auto attention = counting("attentions", {1, 1, 3, 3});
    const auto refused = [&](const std::string& tokens) { return refusal({attention}, {{"tokens", tokens}}); };
    CHECK_THAT(refused(R"(["a", null, "b"])"),
               Catch::StartsWith("metadata 'tokens': token 1 is null, expected a text: ") &&
                   Catch::Contains("convert_ids_to_tokens"));
    CHECK_THAT(refused(R"(["a", "b", 2023])"), Catch::Contains("token 2 is 2023, expected a text"));
    CHECK_THAT(refused("[null, null, null]"), Catch::Contains("token 0 is null"));
    CHECK_THAT(refused("[101, 2023, 102]"), Catch::Contains("tokens are numbers, expected texts"));

    const TemporaryDirectory directory;
    const auto notes = [&](const std::string& tokens) {
        return open_with(directory, {attention}, {{"tokens", tokens}}).notes();
    };
    REQUIRE(notes(R"(["101", "2023", "102"])").size() == 1);
    CHECK(notes(R"(["101", "2023", "102"])")
              .front()
              .starts_with(
                  "all tokens are numbers written as texts, the first is '101': they may be ids of a vocabulary"));
    CHECK(notes(R"(["[CLS]", "2023", "[SEP]"])").empty());
    CHECK(notes(R"(["12", "+", "30"])").empty());
    CHECK(notes(R"(["1", "2", "3"])").empty());  // digits
    // Of several examples all must be.
    const auto two = counting("b.attentions", {1, 1, 2, 2});
    const auto one = counting("a.attentions", {1, 1, 2, 2});
    const auto by_id = [&](const std::string& tokens) {
        return open_with(directory, {one, two}, {{"tokens", tokens}}).notes();
    };
    CHECK(by_id(R"({"a": ["101", "102"], "b": ["101", "7"]})").size() == 1);
    CHECK(by_id(R"({"a": ["12", "30"], "b": ["the", "7"]})").empty());
    CHECK(by_id(R"({"a": ["12", "30"]})").empty());
}

TEST_CASE("queries and keys before layers and heads are named with the line that mends them", "[dataset][axes]") {
    const auto refused = [](std::vector<std::size_t> shape) {
        return refusal({counting("attentions", std::move(shape))});
    };
    CHECK_THAT(refused({5, 5, 2, 3}),
               Catch::Contains("shape [5, 5, 2, 3] has 2 queries and 3 keys, and its axes 0 and "
                               "1 are equally long") &&
                   Catch::Contains("`weights = numpy.moveaxis(weights, (0, 1), (-2, -1))`") &&
                   Catch::Contains("cross-attention"));
    CHECK_THAT(refused({5, 2, 5, 3}), Catch::Contains("numpy.moveaxis(weights, (0, 2), (-2, -1))"));
    CHECK_THAT(refused({5, 2, 3, 5}), Catch::Contains("numpy.moveaxis(weights, (0, 3), (-2, -1))"));
    CHECK_THAT(refused({5, 2, 3, 4}), Catch::Contains("3 queries and 4 keys, expected as many"));
    CHECK_THAT(refused({2, 5, 5, 3}), Catch::Contains("heads on its last axis"));

    // As many layers as heads: by the sums. [query, key, layer, head] of two tokens and three layers and heads.
    const TemporaryDirectory directory;
    NewTensor tensor{"attentions", DType::f64, {2, 2, 3, 3}, {}};
    for (const double weight : {.25, .75, .5, .5}) tensor.values.insert(tensor.values.end(), 9, weight);
    for (std::size_t i = 0; i < 9; ++i) {  // others in every layer and head
        const double shift = 0.02 * static_cast<double>(i);
        tensor.values[i] += shift;
        tensor.values[9 + i] -= shift;
    }
    const Example example = open_with(directory, {tensor}).example(0);
    CHECK_THAT(message_of<InputError>([&] { validate(example.attention, "x"); }),
               Catch::Contains("weights sum to 1 over axis 1") &&
                   Catch::Contains("`weights = numpy.moveaxis(weights, (0, 1), (-2, -1))`"));
}

TEST_CASE("the checksums of an example are of what its scores depend on", "[dataset]") {
    const TemporaryDirectory directory;
    const auto sums = [&](const std::vector<NewTensor>& tensors, std::size_t index = 0,
                          const Metadata& metadata = {}) {
        return open_with(directory, tensors, metadata).checksums(index);
    };
    const NewTensor a = counting("a.attentions", {2, 2, 3, 3});
    const auto right = sums({a});
    CHECK(right.size() == 2);
    CHECK(right.at("attention").size() == 64);
    CHECK(right == sums({a, counting("0.attentions", {2, 2, 4, 4}), counting("a.score", {3})}, 1));
    CHECK(right == sums({counting("attentions", {2, 2, 3, 3})}));
    NewTensor upper = counting("attentions.1", {2, 3, 3});
    for (double& value : upper.values) value += 18;
    CHECK(right == sums({counting("attentions.0", {2, 3, 3}), upper}));
    CHECK(right == sums({a}, 0, {{"tokens", R"({"a": ["x", "y", "z"]})"}}));  // compared by themselves

    NewTensor last = a;
    last.values.back() += 1;
    CHECK(right != sums({last}));
    CHECK(right != sums({counting("a.attentions", {2, 2, 3, 3}, DType::f32)}));
    CHECK(right != sums({counting("a.attentions", {4, 1, 3, 3})}));
    const auto masked = sums({a, {"a.attention_mask", DType::i64, {3}, {1, 1, 0}}});
    CHECK(masked.at("attention") == right.at("attention"));
    CHECK(masked.at("positions") != right.at("positions"));
    CHECK(right.at("positions") !=
          sums({a}, 0, {{"examples", R"([{"id": "a", "position": 1}])"}}).at("positions"));
    const auto with_norms = sums({a, counting("a.norms", {2, 3, 3})});
    CHECK(with_norms.size() == 3);
    CHECK(with_norms.at("attention") == right.at("attention"));
    CHECK(with_norms.at("norms") != right.at("attention"));
    CHECK(sums({counting("norms", {2, 3, 3})}).count("attention") == 0);  // edge weights alone
}
