/// The list of model architectures: one line each.

#include "attention/model/registry.hpp"

#include "attention/model/families/bert.hpp"

namespace attnflow {

ModelRegistry& model_architectures() {
    static ModelRegistry registry = [] {
        ModelRegistry r;
        r.add<BertForSequenceClassification>();
        r.add<BertForMaskedLM>();
        r.add<BertForPreTraining>();
        r.add<BertModel>();
        r.end_bundled();
        return r;
    }();
    return registry;
}

}  // namespace attnflow
