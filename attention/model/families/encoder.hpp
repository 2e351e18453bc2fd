#pragma once
/// What encoders have in common: what is said of them, and what their config.json and output layers are read by.

#include <string>

#include "attention/model/registry.hpp"

namespace attnflow {

/// An entry of the registry: cost and promises are those of every encoder whose tokens see each other.
EntryInfo describe_encoder(const std::string& name, const std::string& summary, const std::string& paper);

/// Heads that share the width out, from the keys of the width and of their number. Throws InputError where it does
/// not divide.
AttentionSpec read_heads(const JsonFields& config, const std::string& width_key, const std::string& heads_key);

/// A classifier on the first position, of labels and task as the config has them; `decoder` is the name of its
/// last linear layer, without ".weight" and ".bias".
OutputSpec read_classifier(const JsonFields& config, const OutputSpec::Transform& transform,
                           const std::string& decoder);

/// The vocabulary at every position: the word embeddings of `plan`, or, unless `tie_word_embeddings`, the linear
/// layer `decoder`. The bias is the tensor `bias`, in some files that of the layer.
OutputSpec read_masked_lm(const JsonFields& config, const WeightFiles& files, const ModelPlan& plan,
                          const OutputSpec::Transform& transform, const std::string& decoder,
                          const std::string& bias);

}  // namespace attnflow
