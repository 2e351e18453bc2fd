#include "attention/model/families/encoder.hpp"

#include <fmt/format.h>

#include "attention/model/checkpoint/config.hpp"
#include "graph/support/error.hpp"

namespace attnflow {

EntryInfo describe_encoder(const std::string& name, const std::string& summary, const std::string& paper) {
    return {.name = name,
            .summary = summary,
            .paper = paper,
            .complexity = "O(L n d (d + f) + L n^2 d) a pass, d the width, f the inner width",
            .promises = {attention_promise::rows_sum_to_one}};
}

AttentionSpec read_heads(const JsonFields& config, const std::string& width_key, const std::string& heads_key) {
    const std::size_t width = read_size(config, width_key, 1 << 20);
    const std::size_t heads = read_size(config, heads_key, 1 << 16);
    if (width % heads != 0) {
        throw InputError(fmt::format("{}: {} {} is not a multiple of {} {}", config.where(), width_key, width,
                                     heads_key, heads));
    }
    return {.heads = heads, .key_heads = heads, .head_width = width / heads};
}

OutputSpec read_classifier(const JsonFields& config, const OutputSpec::Transform& transform,
                           const std::string& decoder) {
    const std::vector<std::string> labels = read_labels(config);
    return {.task = read_task(config, labels.size()),
            .outputs = labels.size(),
            .labels = labels,
            .transform = transform,
            .decoder = decoder + ".weight",
            .decoder_bias = decoder + ".bias"};
}

OutputSpec read_masked_lm(const JsonFields& config, const WeightFiles& files, const ModelPlan& plan,
                          const OutputSpec::Transform& transform, const std::string& decoder,
                          const std::string& bias) {
    // A file may hold a matrix of its own beside tied embeddings: the library then overwrites it with them.
    const bool tied = config.boolean("tie_word_embeddings", true);
    return {.task = Task::masked_lm,
            .outputs = plan.transformer.embedding.vocabulary,
            .transform = transform,
            .decoder = tied ? plan.names.words : decoder + ".weight",
            .decoder_bias = files.contains(bias) ? bias : decoder + ".bias"};
}

}  // namespace attnflow
