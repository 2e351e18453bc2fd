#include "attention/model/families/bert.hpp"

#include <cmath>
#include <filesystem>

#include <nlohmann/json.hpp>

#include "attention/extract/attend.hpp"
#include "attention/extract/extraction.hpp"
#include "attention/extract/perturbation.hpp"
#include "attention/model/checkpoint/json_fields.hpp"
#include "attention/model/text_model.hpp"
#include "graph/support/error.hpp"
#include "tests/attention/model/bare_encoder.hpp"
#include "tests/comparison.hpp"

using namespace attnflow;
using namespace attnflow::testing;

namespace {

const std::string classifier_folder = std::string(ATTNFLOW_SOURCE_DIR) + "/tests/golden/model/classifier";

std::vector<double> attention_of(const Example& example) {
    const std::size_t size = example.tokens.size() * example.tokens.size();
    std::vector<double> all(example.attention.layers() * example.attention.heads() * size);
    for (std::size_t k = 0; k < all.size() / size; ++k) {
        example.attention.read_head(k / example.attention.heads(), k % example.attention.heads(),
                                    std::span(all).subspan(k * size, size));
    }
    return all;
}

}  // namespace

TEST_CASE("a BERT without an output layer gives the attention of one that has it", "[model]") {
    const TextModel whole = TextModel::open(classifier_folder);
    const Attended expected = attend(whole, "the key", "text");
    for (const std::string prefix : {"", "bert."}) {
        const TextModel model = BareEncoder(prefix).open();
        CHECK(model.architecture == "BertModel");
        CHECK(model.model->shape().task == Task::none);
        CHECK(model.model->shape().outputs == 0);
        CHECK(model.model->shape().labels.empty());
        const Attended alone = attend(model, "the key", "text");
        CHECK(attention_of(alone.example) == attention_of(expected.example));
        CHECK(alone.outputs.empty());
        CHECK_FALSE(alone.example.predicted.has_value());
        CHECK_FALSE(alone.example.masked.has_value());
        CHECK(attend(model, "the key", "text", {.weights = "value_norm"}).example.weights.contains("value_norm"));
    }
}

TEST_CASE("a dataset of a BERT without an output layer has attention, edge weights and internals", "[model]") {
    const BareEncoder encoder;
    const TextModel model = encoder.open();
    write_bytes(encoder.file("t.tsv"), "text\tlabel\nthe key\tof another model\na b\t\n");
    const auto texts = read_texts(encoder.file("t.tsv"), model);
    extract(model, texts, {.internals = true, .weights = {"value_norm", "af"}}, encoder.file("d"));
    const Dataset dataset = Dataset::open(encoder.file("d"));
    REQUIRE(dataset.size() == 2);
    CHECK_FALSE(dataset.is_masked());
    const Example example = dataset.example(0);
    CHECK_FALSE(example.label.has_value());
    CHECK_FALSE(example.predicted.has_value());
    CHECK_FALSE(example.references.contains("blank_out"));
    CHECK_FALSE(example.references.contains("grad_norm"));
    CHECK(example.weights.contains("value_norm"));
    CHECK_FALSE(dataset.metadata().contains("label_names"));
    const auto tensors = SafetensorsFile::open(encoder.file("d"))->tensors();
    CHECK_FALSE(tensors.contains("ex00000.logits"));
    CHECK(tensors.contains("ex00000.internals.1.output"));
    CHECK_FALSE(tensors.contains("ex00000.internals.1.normed_input"));  // it is the input
}

TEST_CASE("what explains an output is refused of a model without any, before a text is run", "[model]") {
    const BareEncoder encoder;
    const TextModel model = encoder.open();
    const std::vector<LabelledText> texts{{"a"}};
    const auto refused = [&](const char* what, const std::function<void()>& action) {
        CHECK_THAT(message_of<InputError>(action),
                   Catch::Contains(std::string("BertModel has no output layer, so there can be no ") + what +
                                   "; expected a classifier or a language model"));
    };
    refused("gradients", [&] { extract(model, texts, {.gradients = true}, encoder.file("d")); });
    refused("gradients", [&] { extract(model, texts, {.attention_gradients = true}, encoder.file("d")); });
    refused("gradients", [&] { extract(model, texts, {.weights = {"agf"}}, encoder.file("d")); });
    refused("blank-out", [&] { extract(model, texts, {.blank_out = true}, encoder.file("d")); });
    refused("target", [&] { attend(model, "a", "text", {.weights = "gf"}); });
    refused("output '0'", [&] { output_named("0", model); });
    const Encoding encoding = model.encode("a b", "text");
    const std::vector<std::vector<std::size_t>> sets{{0}};
    refused("blank-out",
            [&] { perturbed_outputs(model, encoding, 0, Replacement::unknown, sets, std::vector<double>{}, 1); });
    CHECK_THROWS_AS(model.model->gradients(TokenBatch::of(encoding), {},
                                           [](std::span<const double>, std::span<double>) { return 0.0; }, {}),
                    ParameterError);
    CHECK_FALSE(std::filesystem::exists(encoder.file("d")));
}

TEST_CASE("config.json decides what BERT computes", "[model]") {
    auto json = nlohmann::json::parse(read_bytes(classifier_folder + "/config.json"));
    const WeightFiles files = WeightFiles::open(classifier_folder);
    const auto plan = [&] { return BertForSequenceClassification::plan(JsonFields(json, "config"), files); };
    json["hidden_act"] = "gelu_new";
    json["layer_norm_eps"] = 0.25;
    json["num_hidden_layers"] = 3;
    const ModelPlan made = plan();
    CHECK(made.transformer.layers.size() == 3);
    const LayerSpec& layer = made.transformer.layers.back();
    CHECK(layer.norm_place == NormPlace::after);
    CHECK(layer.norm.epsilon == 0.25);
    CHECK(layer.feed_forward.activation == Activation::gelu_tanh);
    CHECK_FALSE(layer.feed_forward.gated);
    CHECK_FALSE(layer.attention.has_mask());
    CHECK(layer.attention.scale() == 0.5);  // 1 / sqrt(4)
    CHECK(made.output.labels == std::vector<std::string>{"no", "yes", "perhaps"});
    CHECK(made.names.words == "bert.embeddings.word_embeddings.weight");
}

TEST_CASE("a classifier without a prefix has none before its pooler either", "[model]") {
    const TextModel whole = TextModel::open(classifier_folder);
    const TemporaryDirectory folder;
    for (const char* name : {"config.json", "tokenizer.json"})
        std::filesystem::copy(classifier_folder + "/" + name, folder.file(name));
    const auto old = SafetensorsFile::open(classifier_folder + "/model.safetensors");
    std::vector<NewTensor> tensors;
    for (const auto& [name, view] : old->tensors()) {
        const std::string inner = name.starts_with("bert.") ? name.substr(5) : name;
        tensors.push_back({inner, DType::f32, view.shape, view.values()});
    }
    write_safetensors(folder.file("model.safetensors"), tensors);
    const TextModel bare = TextModel::open(folder.path());
    CHECK(attend(bare, "the key", "text").outputs == attend(whole, "the key", "text").outputs);
}
