#pragma once
/// The registered BERT architectures.

#include <memory>
#include <string>

#include "attention/model/model.hpp"

namespace attnflow {

/// One output a class: pooler (tanh) on position 0, linear classifier.
class BertForSequenceClassification {
public:
    static EntryInfo describe();
    explicit BertForSequenceClassification(const Parameters& parameters);
    std::unique_ptr<Model> load(const std::string& folder) const;

private:
    bool in_double_;
};

/// One output a vocabulary entry at every position.
class BertForMaskedLM {
public:
    static EntryInfo describe();
    explicit BertForMaskedLM(const Parameters& parameters);
    std::unique_ptr<Model> load(const std::string& folder) const;

private:
    bool in_double_;
};

}  // namespace attnflow
