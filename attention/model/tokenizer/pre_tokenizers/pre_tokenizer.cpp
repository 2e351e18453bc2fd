/// The list of pre-tokenizers: one line each.

#include "attention/model/tokenizer/pre_tokenizers/pre_tokenizer.hpp"

#include "attention/model/checkpoint/json_fields.hpp"
#include "attention/model/tokenizer/component.hpp"
#include "attention/model/tokenizer/pre_tokenizers/white_space.hpp"

namespace attnflow {

std::unique_ptr<const PreTokenizer> read_pre_tokenizer(const JsonFields& fields) {
    const std::string type = fields.text("type");
    if (type == "BertPreTokenizer") return std::make_unique<BertPreTokenizer>();
    if (type == "WhitespaceSplit") return std::make_unique<WhitespaceSplit>();
    refuse_component(fields, type, "BertPreTokenizer, WhitespaceSplit or none");
}

}  // namespace attnflow
