#pragma once
/// A Model made of a transformer and an output layer, which is what every family gives.

#include <memory>

#include "attention/model/model.hpp"
#include "attention/model/outputs/output_head.hpp"
#include "attention/model/spec.hpp"
#include "attention/model/transformer_weights.hpp"

namespace attnflow {

/// What a family makes of a config.json: what to compute, and where the weights lie.
struct ModelPlan {
    TransformerSpec transformer;
    TransformerNames names;
    OutputSpec output = {};
};

enum class Precision { float32, float64 };

/// Reads the weights. Throws InputError for tensors that are missing or do not fit the plan.
std::unique_ptr<Model> make_model(const ModelPlan& plan, const WeightFiles& files, Precision precision);

}  // namespace attnflow
