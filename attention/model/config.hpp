#pragma once
/// config.json of a BERT-like encoder: the numbers that say what to compute.

#include <cstddef>
#include <string>
#include <vector>

namespace attnflow {

/// What any architecture's config.json is asked for first: the class that can run it.
std::string architecture_of(const std::string& config_path);

/// Settings of BertConfig that change the result. Those for training (dropout, initialisation,
/// gradient checkpoints) are not read.
struct BertConfig {
    std::size_t vocabulary = 0;  ///< vocab_size
    std::size_t width = 0;       ///< hidden_size d, a multiple of heads
    std::size_t layers = 0;      ///< num_hidden_layers
    std::size_t heads = 0;       ///< num_attention_heads
    std::size_t inner = 0;       ///< intermediate_size
    std::size_t positions = 0;   ///< max_position_embeddings
    std::size_t types = 2;       ///< type_vocab_size
    double layer_norm_eps = 1e-12;
    bool tied = true;  ///< tie_word_embeddings: a language model's output matrix is the word embeddings
    std::vector<std::string> labels;  ///< id2label, else LABEL_0, ... for num_labels (2)

    std::size_t head_width() const { return width / heads; }

    /// Throws InputError for a file that is not such a config, sizes that are absurd or do not
    /// fit together, a label2id that contradicts id2label, and for settings that would need another computation:
    /// hidden_act other than "gelu" (the exact one, with erf), position_embedding_type other than "absolute",
    /// decoders, cross-attention, pruned heads, multi-label classification.
    static BertConfig read(const std::string& path);
};

}  // namespace attnflow
