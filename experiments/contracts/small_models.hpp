#pragma once
/// Small transformers with random weights, of kinds that differ in all that a layer can have: what contracts look
/// at.

#include <memory>
#include <string>
#include <vector>

#include "attention/model/transformer_model.hpp"

namespace attnflow {

struct SmallModel {
    std::string name;
    ModelPlan plan;
    std::unique_ptr<Model> model;  ///< in float32
};

/// Norms after, biases and no mask, as BERT; and norms before, a causal mask, turned positions, gates and key
/// heads that are shared, as Llama. Classifiers of two classes, vocabulary above 5, positions above 5.
std::vector<SmallModel> small_models();

}  // namespace attnflow
