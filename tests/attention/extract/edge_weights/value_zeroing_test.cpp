#include "attention/extract/edge_weights/value_zeroing.hpp"

#include <fstream>

#include <nlohmann/json.hpp>

#include "attention/files/safetensors.hpp"
#include "attention/model/text_model.hpp"
#include "tests/comparison.hpp"

using namespace attnflow;
using attnflow::testing::deviation;

namespace {

const std::string golden_folder = std::string(ATTNFLOW_SOURCE_DIR) + "/tests/golden/model/";

std::vector<TokenId> ids_of(const SafetensorsFile& file, const std::string& name) {
    std::vector<TokenId> ids;
    for (const double value : file.tensors().at(name).values()) ids.push_back(static_cast<TokenId>(value));
    return ids;
}

/// The weights of a sample, by a call without its name.
std::vector<float> weigh(const LayerSample& sample, const std::string& distance) {
    const SampledLayer layer(sample);
    std::vector<float> out(sample.tokens * sample.tokens);
    edge_weights().make("value_zeroing(" + distance + ")", "here")->weigh(layer.evidence(), out);
    return out;
}

/// Three tokens whose values a causal mask hides from those before them.
LayerSample causal_layer() {
    return {.tokens = 3,
            .shape = {.layers = 1, .heads = 1, .key_heads = 1, .head_width = 2, .width = 2, .norm_before = true},
            .attention = {1, 0, 0, 0.25f, 0.75f, 0, 0.5f, 0, 0.5f},
            .input = {1, 2, 0.5f, -1, 2, 1},
            .values = {1, -1, 0.5f, 2, -3, 1},
            .output_weight = {1, 0.5f, -0.25f, 1},
            .output_bias = {0.125f, 1},
            .feed_forward = [](std::span<const double> in, std::span<double> out) { out[0] = in[0] * in[1]; }};
}

}  // namespace

TEST_CASE("value zeroing of small models is what a program of its own makes of the definition", "[model]") {
    std::ifstream file(golden_folder + "value_zeroing.json");
    const auto goldens = nlohmann::json::parse(file);
    const std::string precision = GENERATE("float32", "float64");
    for (const auto& [name, cases] : goldens.items()) {
        const TextModel model = TextModel::open(golden_folder + name, precision);
        const auto inputs = SafetensorsFile::open(golden_folder + name + "/golden.safetensors");
        const ModelShape& shape = model.model->shape();
        for (std::size_t c = 0; c < cases.size(); ++c) {
            const std::string prefix = std::to_string(c) + ".";
            const std::size_t n = inputs->tensors().at(prefix + "ids").elements();
            const TokenBatch batch{1, n, ids_of(*inputs, prefix + "ids"), ids_of(*inputs, prefix + "types")};
            for (const std::string distance : {"cosine", "euclidean"}) {
                CAPTURE(name, c, precision, distance);
                const auto weight = edge_weights().make("value_zeroing(" + distance + ")", "here");
                std::vector<double> ours, expected;
                for (const auto& layer : cases[c][distance])
                    for (const auto& row : layer)
                        for (const auto& value : row) expected.push_back(value);
                const auto weigh_layer = [&](const LayerCapture& layer) {
                    std::vector<float> out(n * n);
                    weight->weigh({n, shape, layer.attention, {}, layer.internals, layer.layer}, out);
                    ours.insert(ours.end(), out.begin(), out.end());
                };
                model.model->forward(batch, {.observer = weigh_layer, .internals = true});
                CHECK(deviation(ours, expected) < 2e-5);
            }
        }
    }
}

TEST_CASE("a value that a query does not see moves nothing, whatever comes after attention", "[model]") {
    const std::string distance = GENERATE("cosine", "euclidean");
    const auto weights = weigh(causal_layer(), distance);
    CHECK(weights[0] == 1.0f);
    CHECK(weights[1] == 0.0f);
    CHECK(weights[2] == 0.0f);
    CHECK(weights[3] > 0.0f);
    CHECK(weights[4] > 0.0f);
    CHECK(weights[5] == 0.0f);
    CHECK(weights[7] == 0.0f);
}

TEST_CASE("tokens whose outputs no value moves get themselves", "[model]") {
    LayerSample layer = causal_layer();
    layer.values.assign(6, 0.0f);
    CHECK(weigh(layer, "cosine") == std::vector<float>{1, 0, 0, 0, 1, 0, 0, 0, 1});
}
