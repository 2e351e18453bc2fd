/// The list of normalizers: one line each.

#include "attention/model/tokenizer/normalizers/normalizer.hpp"

#include "attention/model/checkpoint/json_fields.hpp"
#include "attention/model/tokenizer/normalizers/bert.hpp"

namespace attnflow {

ComponentRegistry<Normalizer>& normalizers() {
    static ComponentRegistry<Normalizer> registry = [] {
        ComponentRegistry<Normalizer> r;
        r.add<BertNormalizer>();
        r.end_bundled();
        return r;
    }();
    return registry;
}

std::unique_ptr<const Normalizer> read_normalizer(const JsonFields& fields) {
    return read_component(normalizers(), fields, fields.text("type"), {"none"});
}

}  // namespace attnflow
