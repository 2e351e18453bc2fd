#include "attention/model/transformer_weights.hpp"

#include "graph/support/error.hpp"
#include "tests/attention/model/stored_transformer.hpp"

using namespace attnflow;
using namespace attnflow::testing;

namespace {

void check_same(const Linear<double>& a, const Linear<double>& b) {
    CHECK(a.in == b.in);
    CHECK(a.out == b.out);
    CHECK(a.weight == b.weight);
    CHECK(a.bias == b.bias);
}

}  // namespace

TEST_CASE("weights are read under the names of a family, wherever they are optional", "[model]") {
    const TransformerWeights<double> weights = RandomWeights(1).transformer(llama_like_spec());
    const auto read =
        load_transformer<double>(llama_like_spec(), llama_like_names(), StoredTransformer(weights).open());
    CHECK(read.embedding.words == weights.embedding.words);
    CHECK(read.embedding.positions.empty());
    CHECK(read.embedding.types.empty());
    CHECK_FALSE(read.embedding.norm.has_value());
    check_same(*read.embedding.projection, *weights.embedding.projection);
    REQUIRE(read.layers.size() == 2);
    for (std::size_t l = 0; l < 2; ++l) {
        check_same(read.layers[l].attention.query_key_value, weights.layers[l].attention.query_key_value);
        check_same(read.layers[l].attention.output, weights.layers[l].attention.output);
        check_same(read.layers[l].feed_forward.gate, weights.layers[l].feed_forward.gate);
        check_same(read.layers[l].feed_forward.up, weights.layers[l].feed_forward.up);
        check_same(read.layers[l].feed_forward.down, weights.layers[l].feed_forward.down);
        CHECK(read.layers[l].attention_norm.gamma == weights.layers[l].attention_norm.gamma);
        CHECK(read.layers[l].output_norm.gamma == weights.layers[l].output_norm.gamma);
        CHECK(read.layers[l].output_norm.beta == Vector(6));
        CHECK(read.layers[l].output_norm.spec.kind == NormKind::rms_norm);
    }
    CHECK(read.final_norm->gamma == weights.final_norm->gamma);
}

TEST_CASE("layers that share weights are stored once", "[model]") {
    TransformerSpec spec = llama_like_spec();
    spec.shared_layers = true;
    const TransformerWeights<double> weights = RandomWeights(2).transformer(spec);
    StoredTransformer stored(weights);
    const auto read = load_transformer<double>(spec, llama_like_names(), stored.open());
    REQUIRE(read.layers.size() == 1);
    CHECK(&read.layer(1) == &read.layers[0]);
    stored.add("layers.1.q.weight", {1}, {0.0});
    CHECK_THAT(message_of<InputError>([&] { load_transformer<double>(spec, llama_like_names(), stored.open()); }),
               Catch::Contains("tensor 'layers.1.q.weight' is of layer 1, expected layers 0 to 0"));
}

TEST_CASE("what no layer reads is refused, biases that the spec does not have too", "[model]") {
    StoredTransformer stored(RandomWeights(1).transformer(llama_like_spec()));
    stored.add("n.bias", {6}, Vector(6));  // of no layer
    stored.add("layers.1.masks", {1}, {0.0});
    TransformerNames names = llama_like_names();
    names.layer.constants = {"masks"};
    CHECK_NOTHROW(load_transformer<double>(llama_like_spec(), names, stored.open()));
    CHECK_THAT(message_of<InputError>(
                   [&] { load_transformer<double>(llama_like_spec(), llama_like_names(), stored.open()); }),
               Catch::Contains("has 1 tensor in its layers that no part of the model reads: layers.1.masks"));
    stored.add("layers.0.o.bias", {6}, Vector(6));
    CHECK_THAT(message_of<InputError>([&] { load_transformer<double>(llama_like_spec(), names, stored.open()); }),
               Catch::Contains("has 1 tensor in its layers that no part of the model reads: layers.0.o.bias"));
    stored.add("layers.99999999999999999999.o.bias", {6}, Vector(6));
    CHECK_THAT(message_of<InputError>([&] { load_transformer<double>(llama_like_spec(), names, stored.open()); }),
               Catch::Contains("expected layers 0 to 1"));
}

TEST_CASE("a prefix is the first of those that the files have", "[model]") {
    const auto found = [](const std::string& stored) {
        const TemporaryDirectory folder;
        write_safetensors(folder.file("model.safetensors"), {{stored, DType::f32, {1}, {0.0}}});
        return find_prefix(WeightFiles::open(folder.path()), {"bert.", ""}, "words.weight");
    };
    CHECK(found("bert.words.weight") == "bert.");
    CHECK(found("words.weight").empty());
    CHECK(found("other") == "bert.");
    CHECK(found("swords.weight") == "bert.");
    CHECK(found("_orig_mod.bert.words.weight") == "bert.");  // programs around a model are left out
    CHECK(found("module.words.weight").empty());
    CHECK_THAT(message_of<InputError>([&] { found("teacher.bert.words.weight"); }),
               Catch::Contains("tensor 'teacher.bert.words.weight', expected 'bert.words.weight': the names "
                               "begin with 'teacher.', as those of a compiled or wrapped model do"));
    CHECK_THAT(message_of<InputError>([&] { found("encoder_q.words.weight"); }),
               Catch::Contains("the names begin with 'encoder_q.'"));
}
