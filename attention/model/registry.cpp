/// The list of model architectures: one line each.

#include "attention/model/bert/architectures.hpp"
#include "attention/model/model.hpp"

namespace attnflow {

ModelRegistry& model_architectures() {
    static ModelRegistry registry = [] {
        ModelRegistry r;
        r.add<BertForSequenceClassification>();
        r.add<BertForMaskedLM>();
        return r;
    }();
    return registry;
}

}  // namespace attnflow
