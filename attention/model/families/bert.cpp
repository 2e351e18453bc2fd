#include "attention/model/families/bert.hpp"

#include <cmath>

#include <fmt/format.h>

#include "attention/model/checkpoint/config.hpp"
#include "attention/model/transformer_model.hpp"
#include "graph/support/error.hpp"

namespace attnflow {
namespace {

EntryInfo describe_bert(const std::string& name, const std::string& summary) {
    return {.name = name,
            .summary = summary,
            .paper = "Devlin et al. 2019, arXiv:1810.04805",
            .complexity = "O(L n d (d + f) + L n^2 d) a pass, d the width, f the inner width",
            .promises = {"rows_sum_to_one"}};
}

void refuse_other_computations(const JsonFields& config) {
    expect_text(config, "model_type", "bert");
    expect_text(config, "position_embedding_type", "absolute");
    expect_false(config, "is_decoder");
    expect_false(config, "add_cross_attention");
    if (const auto* pruned = config.find("pruned_heads"); pruned != nullptr && !pruned->empty())
        config.refuse("pruned_heads", *pruned, "{}, since pruned heads are not supported");
}

TransformerSpec read_spec(const JsonFields& config) {
    const std::size_t width = read_size(config, "hidden_size", 1 << 20);
    const std::size_t heads = read_size(config, "num_attention_heads", 1 << 16);
    if (width % heads != 0) {
        throw InputError(fmt::format("{}: hidden_size {} is not a multiple of num_attention_heads {}",
                                     config.where(), width, heads));
    }
    const std::size_t head_width = width / heads;
    const std::size_t positions = read_size(config, "max_position_embeddings", 1 << 24);
    const NormSpec norm{NormKind::layer_norm, config.number("layer_norm_eps", 1e-12, 0.0, 1.0)};
    const LayerSpec layer{.norm_place = NormPlace::after,
                          .norm = norm,
                          .attention = {.heads = heads,
                                        .key_heads = heads,
                                        .head_width = head_width,
                                        .score_scale = 1.0 / std::sqrt(static_cast<double>(head_width))},
                          .feed_forward = {.inner = read_size(config, "intermediate_size", 1 << 24),
                                           .activation = read_activation(config, "hidden_act", "gelu")}};
    return {.width = width,
            .positions = positions,
            .embedding = {.vocabulary = read_size(config, "vocab_size", 100'000'000),
                          .width = width,
                          .positions = positions,
                          .types = read_size(config, "type_vocab_size", 1 << 16, 2),
                          .norm = norm},
            .layers = std::vector(read_size(config, "num_hidden_layers", 10'000), layer)};
}

TransformerNames names_behind(const std::string& prefix) {
    const std::string embeddings = prefix + "embeddings.";
    return {.words = embeddings + "word_embeddings.weight",
            .positions = embeddings + "position_embeddings.weight",
            .types = embeddings + "token_type_embeddings.weight",
            .embedding_norm = embeddings + "LayerNorm",
            .layers = prefix + "encoder.layer.",
            .layer = {.query = "attention.self.query",
                      .key = "attention.self.key",
                      .value = "attention.self.value",
                      .attention_output = "attention.output.dense",
                      .attention_norm = "attention.output.LayerNorm",
                      .up = "intermediate.dense",
                      .down = "output.dense",
                      .output_norm = "output.LayerNorm"}};
}

}  // namespace

EntryInfo BertModel::describe() {
    return describe_bert("BertModel", "BERT without an output layer, as encoders of sentences: attention only");
}

ModelPlan BertModel::plan(const JsonFields& config, const WeightFiles& files) {
    refuse_other_computations(config);
    // An encoder that was stored by itself has no prefix.
    const std::string prefix = find_prefix(files, {"bert.", ""}, "embeddings.word_embeddings.weight");
    return {read_spec(config), names_behind(prefix)};
}

EntryInfo BertForSequenceClassification::describe() {
    return describe_bert("BertForSequenceClassification", "BERT with a classifier on the first position");
}

ModelPlan BertForSequenceClassification::plan(const JsonFields& config, const WeightFiles& files) {
    ModelPlan plan = BertModel::plan(config, files);
    const std::vector<std::string> labels = read_labels(config);
    plan.output = {.task = read_task(config, labels.size()),
                   .outputs = labels.size(),
                   .labels = labels,
                   .transform = OutputSpec::Transform{.activation = Activation::tanh, .name = "bert.pooler.dense"},
                   .decoder = "classifier.weight",
                   .decoder_bias = "classifier.bias"};
    return plan;
}

EntryInfo BertForPreTraining::describe() {
    return describe_bert("BertForPreTraining",
                         "BERT as it was trained, of which the masked language model is read: the classifier of "
                         "following sentences is left");
}

ModelPlan BertForPreTraining::plan(const JsonFields& config, const WeightFiles& files) {
    return BertForMaskedLM::plan(config, files);
}

EntryInfo BertForMaskedLM::describe() {
    return describe_bert("BertForMaskedLM", "BERT that predicts the vocabulary entry of any position");
}

ModelPlan BertForMaskedLM::plan(const JsonFields& config, const WeightFiles& files) {
    ModelPlan plan = BertModel::plan(config, files);
    const LayerSpec& layer = plan.transformer.layers.front();
    const std::string predictions = "cls.predictions.";
    // A file may hold a matrix of its own beside tied embeddings: the library then overwrites it with them.
    const bool tied = config.boolean("tie_word_embeddings", true);
    const bool has_bias = files.contains(predictions + "bias");
    plan.output = {.task = Task::masked_lm,
                   .outputs = plan.transformer.embedding.vocabulary,
                   .transform = OutputSpec::Transform{.activation = layer.feed_forward.activation,
                                                      .norm = layer.norm,
                                                      .name = predictions + "transform.dense",
                                                      .norm_name = predictions + "transform.LayerNorm"},
                   .decoder = tied ? plan.names.words : predictions + "decoder.weight",
                   .decoder_bias = predictions + (has_bias ? "bias" : "decoder.bias")};
    return plan;
}

}  // namespace attnflow
