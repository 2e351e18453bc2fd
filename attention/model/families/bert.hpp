#pragma once
/// BERT as the Hugging Face library has it: learned positions, token types, norms after the skip connection.
///
/// Devlin et al. 2019, arXiv:1810.04805

#include "attention/model/registry.hpp"

namespace attnflow {

/// The encoder by itself, as encoders of sentences are stored: no outputs.
class BertModel {
public:
    static EntryInfo describe();
    static std::string small_config();
    static ModelPlan plan(const JsonFields& config, const WeightFiles& files);
};

/// One output a class, label or number, as `problem_type` says: pooler (tanh) on position 0, linear classifier.
class BertForSequenceClassification {
public:
    static EntryInfo describe();
    static std::string small_config();
    static ModelPlan plan(const JsonFields& config, const WeightFiles& files);
};

/// One output a vocabulary entry at every position.
class BertForMaskedLM {
public:
    static EntryInfo describe();
    static std::string small_config();
    static ModelPlan plan(const JsonFields& config, const WeightFiles& files);
};

/// BertForMaskedLM with a second output layer, of which sentences follow each other, which is not read.
class BertForPreTraining {
public:
    static EntryInfo describe();
    static std::string small_config();
    static ModelPlan plan(const JsonFields& config, const WeightFiles& files);
};

}  // namespace attnflow
