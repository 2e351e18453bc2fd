/// Small random models and the bundled one against PyTorch's autograd in double precision
/// (tests/attention/model/make_goldens.py).

#include <map>
#include <string>

#include <nlohmann/json.hpp>

#include "attention/extract/edge_weights/edge_weight.hpp"
#include "attention/extract/perturbation.hpp"
#include "attention/files/safetensors.hpp"
#include "attention/model/text_model.hpp"
#include "tests/comparison.hpp"

using namespace attnflow;
using attnflow::testing::deviation;

namespace {

const std::string golden_folder = std::string(ATTNFLOW_SOURCE_DIR) + "/tests/golden/model/";
const std::string sva_folder = std::string(ATTNFLOW_SOURCE_DIR) + "/experiments/models/sva-bert-6x8";

std::vector<TokenId> read_ids(const SafetensorsFile& file, const std::string& name) {
    std::vector<TokenId> ids;
    for (const double value : file.tensors().at(name).values()) ids.push_back(static_cast<TokenId>(value));
    return ids;
}

/// Everything that one reverse pass yields, under the names of the golden file.
struct Run {
    std::map<std::string, std::vector<double>> tensors;

    Run(const Model& model, const TokenBatch& batch, std::size_t position, std::optional<Target> target,
        TargetScale scale, std::size_t jobs) {
        const ModelShape& shape = model.shape();
        const std::size_t n = batch.length;
        const std::size_t layer_size = shape.heads * n * n;
        for (const char* name : {"attentions", "attention_gradients"})
            tensors[name].resize(shape.layers * layer_size);
        for (const char* name : {"value_norm", "gf", "agf"}) tensors[name].resize(shape.layers * n * n);
        const auto weigh = [&](const char* name, std::size_t layer, const LayerEvidence& evidence) {
            // The golden files have the mean over the heads.
            const auto weights = edge_weights().at(name).make();
            const std::size_t heads = weights->has_heads() ? shape.heads : 1;
            std::vector<float> out(heads * n * n);
            weights->weigh(evidence, out);
            for (std::size_t k = 0; k < out.size(); ++k) {
                tensors[name][layer * n * n + k % (n * n)] +=
                    static_cast<double>(out[k]) / static_cast<double>(heads);
            }
        };
        const auto gradients = model.gradients(
            batch,
            {.position = position,
             .observer =
                 [&](const LayerCapture& layer) {
                     const auto begin = static_cast<std::ptrdiff_t>(layer.layer * layer_size);
                     std::copy(layer.attention.begin(), layer.attention.end(),
                               tensors["attentions"].begin() + begin);
                     weigh("value_norm", layer.layer, {n, shape, layer.attention, {}, layer.internals});
                 },
             .internals = true,
             .jobs = jobs},
            [&](std::span<const double> logits, std::span<double> gradient) {
                return evaluate(target.value_or(Target{predicted_output(logits)}), scale, logits, gradient);
            },
            [&](const LayerCapture& layer, std::span<const float> gradient) {
                const auto begin = static_cast<std::ptrdiff_t>(layer.layer * layer_size);
                // Made again in the reverse pass, to the last bit.
                CHECK(std::equal(layer.attention.begin(), layer.attention.end(),
                                 tensors["attentions"].begin() + begin,
                                 [](float a, double b) { return static_cast<double>(a) == b; }));
                std::copy(gradient.begin(), gradient.end(), tensors["attention_gradients"].begin() + begin);
                for (const char* name : {"gf", "agf"}) {
                    weigh(name, layer.layer, {n, shape, layer.attention, gradient, nullptr});
                }
            });
        tensors["logits"] = gradients.logits;
        tensors["gradient"].assign(gradients.word.values().begin(), gradients.word.values().end());
    }
};

void compare(const Run& run, const SafetensorsFile& golden, const std::string& prefix, double tolerance) {
    for (const auto& [name, values] : run.tensors) {
        INFO(prefix << name);
        CHECK(deviation(values, golden.tensors().at(prefix + name).values()) <= tolerance);
    }
}

}  // namespace

TEST_CASE("small models of every kind agree with PyTorch", "[model]") {
    const std::string name = GENERATE("classifier", "one_head_bf16", "masked_lm", "masked_lm_shards");
    const std::string precision = GENERATE("float32", "float64");
    CAPTURE(name, precision);
    const TextModel text_model = TextModel::open(golden_folder + name, precision);
    const Model& model = *text_model.model;
    const auto golden = SafetensorsFile::open(golden_folder + name + "/golden.safetensors");
    const auto cases = nlohmann::json::parse(golden->metadata().at("cases"));
    // Observers see float, so float64 shows in logits and word gradients only.
    const double tolerance = precision == "float64" ? 1e-6 : 2e-5;
    for (std::size_t c = 0; c < cases.size(); ++c) {
        const std::string prefix = std::to_string(c) + ".";
        const TokenBatch batch{1, golden->tensors().at(prefix + "ids").elements(),
                               read_ids(*golden, prefix + "ids"), read_ids(*golden, prefix + "types")};
        std::optional<Target> target;
        if (!cases[c]["output"].is_null()) target = Target{cases[c]["output"].get<std::size_t>()};
        if (!cases[c]["minus"].is_null()) target->minus = cases[c]["minus"].get<std::size_t>();
        const auto scale = cases[c]["scale"] == "logit" ? TargetScale::logit : TargetScale::probability;
        const auto position = cases[c]["position"].get<std::size_t>();
        const Run run(model, batch, position, target, scale, 1);
        compare(run, *golden, prefix, tolerance);
        if (precision == "float64") {
            CHECK(deviation(run.tensors.at("logits"), golden->tensors().at(prefix + "logits").values()) < 1e-12);
            CHECK(deviation(run.tensors.at("gradient"), golden->tensors().at(prefix + "gradient").values()) <
                  1e-12);
        }
        CHECK(Run(model, batch, position, target, scale, 3).tensors == run.tensors);
    }
}

TEST_CASE("a batch gives what its inputs give one by one", "[model]") {
    const std::string name = GENERATE("classifier", "one_head_bf16", "masked_lm", "masked_lm_shards");
    const TextModel text_model = TextModel::open(golden_folder + name);
    const auto golden = SafetensorsFile::open(golden_folder + name + "/golden.safetensors");
    TokenBatch batch{3, 4, {}, {}};
    for (const char* prefix : {"2.", "3.", "4."}) {
        for (const TokenId id : read_ids(*golden, std::string(prefix) + "ids")) batch.ids.push_back(id);
        for (const TokenId id : read_ids(*golden, std::string(prefix) + "types")) batch.type_ids.push_back(id);
    }
    std::vector<double> attention;
    const auto logits = text_model.model->forward(batch, {.position = 1,
                                                          .observer =
                                                              [&](const LayerCapture& layer) {
                                                                  if (layer.layer == 0)
                                                                      attention.assign(layer.attention.begin(),
                                                                                       layer.attention.end());
                                                              },
                                                          .jobs = 2});
    const std::size_t layer_size = attention.size() / 3;
    for (std::size_t b = 0; b < 3; ++b) {
        const TokenBatch one{1,
                             4,
                             {batch.ids.begin() + static_cast<std::ptrdiff_t>(4 * b),
                              batch.ids.begin() + static_cast<std::ptrdiff_t>(4 * b + 4)},
                             {batch.type_ids.begin() + static_cast<std::ptrdiff_t>(4 * b),
                              batch.type_ids.begin() + static_cast<std::ptrdiff_t>(4 * b + 4)}};
        const auto alone = text_model.model->forward(one, {.position = 1});
        CHECK(deviation(std::vector<double>(logits.row(b).begin(), logits.row(b).end()),
                        std::vector<double>(alone.row(0).begin(), alone.row(0).end())) < 1e-6);
        const auto expected = golden->tensors().at(std::to_string(b + 2) + ".attentions").slice(0).values();
        CHECK(deviation(std::span(attention).subspan(b * layer_size, layer_size), expected) < 2e-5);
    }
}

TEST_CASE("the bundled model agrees with PyTorch on its float16 weights", "[model]") {
    const TextModel model = TextModel::open(sva_folder);
    const auto golden = SafetensorsFile::open(golden_folder + "sva.safetensors");
    const auto cases = nlohmann::json::parse(golden->metadata().at("cases"));
    for (std::size_t c = 0; c < cases.size(); ++c) {
        const std::string prefix = std::to_string(c) + ".";
        const Encoding encoding = model.encode(cases[c]["text"].get<std::string>(), "text");
        CHECK(encoding.tokens == cases[c]["tokens"].get<std::vector<std::string>>());
        CHECK(encoding.ids == read_ids(*golden, prefix + "ids"));
        const Run run(*model.model, TokenBatch::of(encoding), 0, std::nullopt, TargetScale::logit, 1);
        compare(run, *golden, prefix, 2e-5);
        const std::vector<double>& logits = run.tensors.at("logits");
        for (const char* name : {"unk", "mask", "pad", "remove"}) {
            const auto found = golden->tensors().find(prefix + "blank_out." + name);
            if (found == golden->tensors().end()) continue;  // nothing can be removed from one token
            const BlankOut scores = blank_out(model, encoding, 0, replacement_from_name(name),
                                              Target{predicted_output(logits)}, logits, 2);
            CHECK(deviation(scores.probability, found->second.slice(0).values()) <= 2e-5);
            CHECK(deviation(scores.margin, found->second.slice(1).values()) <= 2e-5);
        }
    }
}
