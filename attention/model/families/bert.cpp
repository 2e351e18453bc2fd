#include "attention/model/families/bert.hpp"

#include "attention/model/checkpoint/config.hpp"
#include "attention/model/families/encoder.hpp"

namespace attnflow {
namespace {

EntryInfo describe_bert(const std::string& name, const std::string& summary) {
    return describe_encoder(name, summary, "Devlin et al. 2019, arXiv:1810.04805");
}

/// An encoder that was stored by itself has no prefix.
std::string find_bert(const WeightFiles& files) {
    return find_prefix(files, {"bert.", ""}, "embeddings.word_embeddings.weight");
}

TransformerSpec read_spec(const JsonFields& config) {
    expect_text(config, "model_type", "bert");
    expect_text(config, "position_embedding_type", "absolute");
    const AttentionSpec attention = read_heads(config, "hidden_size", "num_attention_heads");
    const std::size_t width = attention.query_width();
    const std::size_t positions = read_size(config, "max_position_embeddings", 1 << 24);
    const NormSpec norm{NormKind::layer_norm, config.number("layer_norm_eps", 1e-12, 0.0, 1.0)};
    const LayerSpec layer{.norm_place = NormPlace::after,
                          .norm = norm,
                          .attention = attention,
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

/// `more` begins with a comma where it is not empty.
std::string small_config_of(const std::string& architecture, const std::string& more) {
    return R"({"model_type": "bert", "architectures": [")" + architecture +
           R"("], "vocab_size": 23, "hidden_size": 8,
        "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 12, "max_position_embeddings": 9)" +
           more + "}";
}

}  // namespace

std::string BertModel::small_config() { return small_config_of("BertModel", ""); }

std::string BertForSequenceClassification::small_config() {
    return small_config_of("BertForSequenceClassification", R"(, "id2label": {"0": "a", "1": "b", "2": "c"})");
}

std::string BertForMaskedLM::small_config() { return small_config_of("BertForMaskedLM", ""); }

std::string BertForPreTraining::small_config() { return small_config_of("BertForPreTraining", ""); }

EntryInfo BertModel::describe() {
    return describe_bert("BertModel", "BERT without an output layer, as encoders of sentences: attention only");
}

ModelPlan BertModel::plan(const JsonFields& config, const WeightFiles& files) {
    return {read_spec(config), names_behind(find_bert(files))};
}

EntryInfo BertForSequenceClassification::describe() {
    return describe_bert("BertForSequenceClassification", "BERT with a classifier on the first position");
}

ModelPlan BertForSequenceClassification::plan(const JsonFields& config, const WeightFiles& files) {
    ModelPlan plan = BertModel::plan(config, files);
    plan.output = read_classifier(
        config, {.activation = Activation::tanh, .name = find_bert(files) + "pooler.dense"}, "classifier");
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
    plan.output = read_masked_lm(config, files, plan,
                                 {.activation = layer.feed_forward.activation,
                                  .norm = layer.norm,
                                  .name = "cls.predictions.transform.dense",
                                  .norm_name = "cls.predictions.transform.LayerNorm"},
                                 "cls.predictions.decoder", "cls.predictions.bias");
    return plan;
}

}  // namespace attnflow
