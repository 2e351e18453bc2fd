#include "attention/model/transformer_model.hpp"

#include <cmath>

#include "attention/extract/edge_weights/edge_weight.hpp"
#include "attention/extract/extraction.hpp"
#include "attention/model/text_model.hpp"
#include "graph/support/error.hpp"
#include "tests/attention/model/stored_transformer.hpp"

using namespace attnflow;
using namespace attnflow::testing;

namespace {

const std::string classifier_folder = std::string(ATTNFLOW_SOURCE_DIR) + "/tests/golden/model/classifier";

/// A classifier of two classes on the first position of a transformer with its norms before.
std::unique_ptr<Model> norms_before(Precision precision = Precision::float64) {
    StoredTransformer stored(RandomWeights(1).transformer(llama_like_spec()));
    stored.add("decoder", {2, 6}, random_values(12, 99));
    const OutputSpec output{
        .task = Task::classification, .outputs = 2, .labels = {"a", "b"}, .decoder = "decoder"};
    return make_model({llama_like_spec(), llama_like_names(), output}, stored.open(), precision);
}

double at(std::span<const float> values, std::size_t i) { return static_cast<double>(values[i]); }

/// Row t of a norm's output, from what goes in: by its kept scale, not by its definition.
std::vector<double> normed(const NormInternals& norm, std::vector<double> row, std::size_t t) {
    double mean = 0.0;
    for (const double value : row) mean += norm.centered ? value / static_cast<double>(row.size()) : 0.0;
    for (std::size_t i = 0; i < row.size(); ++i)
        row[i] = (row[i] - mean) * at(norm.scale, t) * at(norm.gamma, i) + at(norm.beta, i);
    return row;
}

/// Checks the formulas that LayerInternals is documented with, for every layer of a text.
void check_internals(const Model& model, const TokenBatch& batch) {
    const ModelShape& shape = model.shape();
    const std::size_t n = batch.length;
    const std::size_t d = shape.width;
    const std::size_t w = shape.head_width;
    std::vector<float> below;
    std::size_t layers = 0;
    const auto check_layer = [&](const LayerCapture& layer) {
        ++layers;
        const LayerInternals& in = *layer.internals;
        CHECK(in.norm_before == shape.norm_before);
        if (!below.empty()) CHECK(std::equal(below.begin(), below.end(), in.input.begin(), in.input.end()));
        below.assign(in.output.begin(), in.output.end());
        for (std::size_t t = 0; t < n; ++t) {
            const auto row = [&](std::span<const float> values) {
                return std::vector<double>(values.begin() + static_cast<std::ptrdiff_t>(t * d),
                                           values.begin() + static_cast<std::ptrdiff_t>((t + 1) * d));
            };
            const auto sum = [&](std::vector<double> a, const std::vector<double>& b) {
                for (std::size_t i = 0; i < d; ++i) a[i] += b[i];
                return a;
            };
            std::vector<double> attended(d);
            for (std::size_t i = 0; i < d; ++i) {
                if (!in.output_bias.empty()) attended[i] = at(in.output_bias, i);
                for (std::size_t h = 0; h < shape.heads; ++h) {
                    const std::size_t key_head = h / (shape.heads / shape.key_heads);
                    for (std::size_t c = 0; c < w; ++c) {
                        double context = 0.0;
                        for (std::size_t s = 0; s < n; ++s) {
                            context += at(layer.attention, (h * n + t) * n + s) *
                                       at(in.values, (s * shape.key_heads + key_head) * w + c);
                        }
                        attended[i] += context * at(in.output_weight, i * shape.heads * w + h * w + c);
                    }
                }
            }
            CHECK(deviation(row(in.attended), attended) < 1e-5);
            const auto middle = sum(row(in.input), row(in.attended));
            const auto output = sum(row(in.middle), row(in.fed_forward));
            if (shape.norm_before) {
                CHECK(deviation(row(in.normed_input), normed(in.attention_norm, row(in.input), t)) < 1e-5);
                CHECK(deviation(row(in.middle), middle) < 1e-5);
                CHECK(deviation(row(in.normed_middle), normed(in.output_norm, row(in.middle), t)) < 1e-5);
                CHECK(deviation(row(in.output), output) < 1e-5);
            } else {
                CHECK(row(in.normed_input) == row(in.input));
                CHECK(deviation(row(in.middle), normed(in.attention_norm, middle, t)) < 1e-5);
                CHECK(row(in.normed_middle) == row(in.middle));
                CHECK(deviation(row(in.output), normed(in.output_norm, output, t)) < 1e-5);
            }
        }
    };
    model.forward(batch, {.observer = check_layer, .internals = true});
    CHECK(layers == shape.layers);
}

}  // namespace

TEST_CASE("internals add up as they are documented, norms after and before", "[model]") {
    const std::string precision = GENERATE("float32", "float64");
    const TextModel after = TextModel::open(classifier_folder, precision);
    check_internals(*after.model, TokenBatch::of(after.encode("a b c", "text")));
    check_internals(*norms_before(), {1, 4, {0, 3, 10, 3}, {0, 0, 0, 0}});
}

TEST_CASE("the rest of a layer gives the layer's own output for its own rows", "[model]") {
    const auto check_rest = [](const Model& model, const TokenBatch& batch, bool to_the_bit) {
        std::size_t layers = 0;
        const auto check_layer = [&](const LayerCapture& layer) {
            ++layers;
            const LayerInternals& in = *layer.internals;
            const std::vector<float> own(in.output.begin(), in.output.end());
            std::vector<float> output(own.size());
            const auto is_own = [&] {
                return to_the_bit ? output == own : deviation(to_double(output), to_double(own)) < 1e-5;
            };
            in.finish(in.attended, output);
            CHECK(is_own());
            // Other rows in between, of which nothing may stay.
            std::vector<float> other(in.attended.begin(), in.attended.end());
            for (std::size_t k = 0; k < other.size(); ++k) other[k] += static_cast<float>(k % 3);
            in.finish(other, output);
            CHECK_FALSE(is_own());
            in.finish_middle(in.middle, output);
            CHECK(is_own());
            CHECK_THROWS_AS(in.finish(in.attended.first(1), output), InternalError);
            CHECK(std::vector<float>(in.output.begin(), in.output.end()) == own);
        };
        model.forward(batch, {.observer = check_layer, .internals = true});
        CHECK(layers == model.shape().layers);
    };
    const std::string precision = GENERATE("float32", "float64");
    const TextModel after = TextModel::open(classifier_folder, precision);
    check_rest(*after.model, TokenBatch::of(after.encode("a b c", "text")), precision == "float32");
    check_rest(*norms_before(precision == "float32" ? Precision::float32 : Precision::float64),
               {1, 4, {0, 3, 10, 3}, {0, 0, 0, 0}}, precision == "float32");
}

TEST_CASE("a reverse pass gives the internals of the forward pass to the bit, where they are asked for",
          "[model]") {
    const auto precision = GENERATE(Precision::float32, Precision::float64);
    const auto model = norms_before(precision);
    const TokenBatch batch{1, 4, {0, 3, 10, 3}, {0, 0, 0, 0}};
    const auto text_of = [](const LayerInternals& in) {
        std::vector<std::vector<float>> parts;
        for (const auto& part : {in.input, in.normed_input, in.values, in.attended, in.attention_norm.scale,
                                 in.middle, in.normed_middle, in.fed_forward, in.output_norm.scale, in.output})
            parts.emplace_back(part.begin(), part.end());
        return parts;
    };
    std::vector<std::vector<std::vector<float>>> forward(2), backward(2);
    const OutputFunction first_output = [](std::span<const double> logits, std::span<double> gradient) {
        gradient[0] = 1.0;
        return logits[0];
    };
    const auto run = [&](bool internals) {
        return model->gradients(
            batch,
            {.observer = [&](const LayerCapture& layer) { forward[layer.layer] = text_of(*layer.internals); },
             .internals = true,
             .gradient_internals = internals},
            first_output, [&](const LayerCapture& layer, std::span<const float> gradient) {
                CHECK(gradient.size() == layer.attention.size());
                REQUIRE((layer.internals != nullptr) == internals);
                if (!internals) return;
                backward[layer.layer] = text_of(*layer.internals);
                std::vector<float> output(layer.internals->output.size());
                layer.internals->finish(layer.internals->attended, output);
                CHECK(deviation(to_double(output), to_double(backward[layer.layer].back())) < 1e-5);
            });
    };
    const Gradients with = run(true);
    CHECK(backward == forward);
    const Gradients without = run(false);
    CHECK(with.logits == without.logits);
    CHECK(with.word == without.word);
}

TEST_CASE("the shape of a model says what its plan did", "[model]") {
    const auto model = norms_before();
    const ModelShape& shape = model->shape();
    CHECK(shape.layers == 2);
    CHECK(shape.heads == 4);
    CHECK(shape.key_heads == 2);
    CHECK(shape.head_width == 3);
    CHECK(shape.width == 6);
    CHECK(shape.embedding_width == 4);
    CHECK(shape.positions == 9);
    CHECK(shape.types == 1);
    CHECK(shape.norm_before);
    CHECK(shape.outputs == 2);
}

TEST_CASE("gradients of a model with its norms before are those of finite differences of its outputs", "[model]") {
    StoredTransformer stored(RandomWeights(1).transformer(llama_like_spec()));
    stored.add("decoder", {2, 6}, random_values(12, 99));
    const OutputSpec output{.task = Task::classification, .outputs = 2, .decoder = "decoder"};
    const TokenBatch batch{1, 3, {4, 1, 7}, {0, 0, 0}};
    const auto model = norms_before();
    const auto gradients = model->gradients(batch, {},
                                            [](std::span<const double> logits, std::span<double> gradient) {
                                                gradient[0] = 2.0 * logits[0];
                                                return logits[0] * logits[0];
                                            },
                                            {});
    CHECK(gradients.value == gradients.logits[0] * gradients.logits[0]);
    REQUIRE(gradients.word.columns() == 4);
    // Words of the text by the tensor that they are looked up in.
    const TransformerWeights<double> weights = RandomWeights(1).transformer(llama_like_spec());
    for (std::size_t j = 0; j < 4; ++j) CHECK(gradients.embedding(2, j) == weights.embedding.words[7 * 4 + j]);
    const auto value_with = [&](std::size_t component, double shift) {
        TransformerWeights<double> moved = weights;
        moved.embedding.words[4 * 4 + component] += shift;
        StoredTransformer files(moved);
        files.add("decoder", {2, 6}, random_values(12, 99));
        const auto changed =
            make_model({llama_like_spec(), llama_like_names(), output}, files.open(), Precision::float64);
        const double logit = changed->forward(batch, {})(0, 0);
        return logit * logit;
    };
    for (std::size_t j = 0; j < 4; ++j)
        CHECK(gradients.word(0, j) == Approx((value_with(j, 1e-6) - value_with(j, -1e-6)) / 2e-6).margin(1e-7));
}

TEST_CASE("a dataset of a model with its norms before holds what its steps read, and values by key head",
          "[model]") {
    const TextModel classifier = TextModel::open(classifier_folder);
    TransformerSpec spec = llama_like_spec();
    spec.embedding.vocabulary = classifier.model->shape().vocabulary;
    spec.embedding.types = 2;
    StoredTransformer stored(RandomWeights(5).transformer(spec));
    stored.add("decoder", {2, 6}, random_values(12, 99));
    const OutputSpec output{
        .task = Task::classification, .outputs = 2, .labels = {"a", "b"}, .decoder = "decoder"};
    const TextModel model{classifier_folder, "Test", Tokenizer::open(classifier_folder),
                          make_model({spec, llama_like_names(), output}, stored.open(), Precision::float32)};
    const TemporaryDirectory folder;
    extract(model, std::vector<LabelledText>{{"the key"}},
            {.gradients = true,
             .blank_out = true,
             .internals = true,
             .weights = {"value_norm", "agf", "value_zeroing"}},
            folder.file("d"));
    const auto file = SafetensorsFile::open(folder.file("d"));
    const std::size_t n = file->tensors().at("ex00000.input_ids").elements();
    const auto shape_of = [&](const std::string& name) { return file->tensors().at("ex00000." + name).shape; };
    using Shape = std::vector<std::size_t>;
    CHECK(shape_of("internals.0.normed_input") == Shape{n, 6});
    CHECK(shape_of("internals.1.normed_middle") == Shape{n, 6});
    CHECK(shape_of("internals.1.values") == Shape{n, 2 * 3});
    CHECK(shape_of("internals.1.output_norm_scale") == Shape{n});
    CHECK(shape_of("attentions") == Shape{2, 4, n, n});
    CHECK(shape_of("value_norm") == Shape{2, n, n});
    // Causal: no weight of any kind on a later token.
    for (const std::string name : {"attentions", "agf", "value_norm", "value_zeroing"}) {
        const auto values = file->tensors().at("ex00000." + name).values();
        for (std::size_t i = 0; i < values.size(); ++i) {
            if (i % n > i / n % n) CHECK(values[i] == 0.0);
        }
    }
}
