#include "experiments/contracts/small_models.hpp"

namespace attnflow {
namespace {

const TransformerNames names{.words = "words",
                             .positions = "positions",
                             .types = "types",
                             .embedding_norm = "embedding_norm",
                             .embedding_projection = "embedding_projection",
                             .layers = "layers.",
                             .layer = {.query = "query",
                                       .key = "key",
                                       .value = "value",
                                       .attention_output = "attention_output",
                                       .attention_norm = "attention_norm",
                                       .gate = "gate",
                                       .up = "up",
                                       .down = "down",
                                       .output_norm = "output_norm"},
                             .final_norm = "final_norm"};

const OutputSpec output{.task = Task::classification, .outputs = 2, .labels = {"a", "b"}, .decoder = "decoder"};

TransformerSpec norms_after() {
    const LayerSpec layer{.attention = {.heads = 2, .key_heads = 2, .head_width = 4},
                          .feed_forward = {.inner = 12}};
    return {.width = 8,
            .positions = 9,
            .embedding = {.vocabulary = 11, .width = 8, .positions = 9, .types = 2, .norm = NormSpec{}},
            .layers = {layer, layer}};
}

TransformerSpec norms_before() {
    const NormSpec norm{NormKind::rms_norm, 1e-6};
    const LayerSpec layer{
        .norm_place = NormPlace::before,
        .norm = norm,
        .attention = {.heads = 4,
                      .key_heads = 2,
                      .head_width = 2,
                      .causal = true,
                      .rotary = RotarySpec::with_theta(10000.0, 2),
                      .projection_bias = false,
                      .output_bias = false},
        .feed_forward = {.inner = 7, .activation = Activation::silu, .gated = true, .bias = false}};
    return {.width = 6,
            .positions = 9,
            .embedding = {.vocabulary = 11, .width = 4},
            .layers = {layer, layer},
            .final_norm = norm};
}

}  // namespace

std::vector<SmallModel> small_models() {
    std::vector<SmallModel> models;
    const auto add = [&](const std::string& name, const TransformerSpec& spec) {
        const ModelPlan plan{spec, names, output};
        models.push_back({name, plan, make_model(plan, WeightFiles::invented(1), Precision::float32)});
    };
    add("a small model with its norms after", norms_after());
    add("a small model with its norms before, a causal mask and shared key heads", norms_before());
    return models;
}

}  // namespace attnflow
