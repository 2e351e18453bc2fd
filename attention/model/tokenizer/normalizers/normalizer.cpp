/// The list of normalizers: one line each.

#include "attention/model/tokenizer/normalizers/normalizer.hpp"

#include "attention/model/checkpoint/json_fields.hpp"
#include "attention/model/tokenizer/component.hpp"
#include "attention/model/tokenizer/normalizers/bert.hpp"

namespace attnflow {

std::unique_ptr<const Normalizer> read_normalizer(const JsonFields& fields) {
    const std::string type = fields.text("type");
    if (type == "BertNormalizer") return std::make_unique<BertNormalizer>(BertNormalizer::read(fields));
    refuse_component(fields, type, "BertNormalizer or none");
}

}  // namespace attnflow
