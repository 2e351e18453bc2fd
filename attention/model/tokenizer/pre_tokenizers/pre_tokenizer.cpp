/// The list of pre-tokenizers: one line each.

#include "attention/model/tokenizer/pre_tokenizers/pre_tokenizer.hpp"

#include "attention/model/checkpoint/json_fields.hpp"
#include "attention/model/tokenizer/pre_tokenizers/white_space.hpp"

namespace attnflow {

ComponentRegistry<PreTokenizer>& pre_tokenizers() {
    static ComponentRegistry<PreTokenizer> registry = [] {
        ComponentRegistry<PreTokenizer> r;
        r.add<BertPreTokenizer>();
        r.add<WhitespaceSplit>();
        r.end_bundled();
        return r;
    }();
    return registry;
}

std::unique_ptr<const PreTokenizer> read_pre_tokenizer(const JsonFields& fields) {
    return read_component(pre_tokenizers(), fields, fields.text("type"), {"none"});
}

}  // namespace attnflow
