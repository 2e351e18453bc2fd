#include "attention/model/tokenizer/post_processors/template.hpp"

#include <fmt/format.h>

#include "attention/model/checkpoint/json_fields.hpp"
#include "attention/model/tokenizer/component.hpp"
#include "graph/support/error.hpp"

namespace attnflow {
namespace {

using Json = nlohmann::json;

TokenId type_id(const JsonFields& fields) {
    return fields.find("type_id") == nullptr ? 0 : static_cast<TokenId>(fields.integer("type_id", 0, 1000));
}

std::vector<TokenId> special_ids(const JsonFields& fields, const std::string& name) {
    const JsonFields entry = fields.object("special_tokens").object(name);
    const Json& list = entry.need("ids");
    if (!list.is_array() || list.size() > 100) entry.refuse("ids", list, "a list of at most 100 ids");
    std::vector<TokenId> ids;
    for (const Json& id : list) ids.push_back(read_token_id(id, entry.where()));
    return ids;
}

}  // namespace

Template Template::read(const JsonFields& fields) {
    const std::string type = fields.text("type");
    if (type != "TemplateProcessing") refuse_component(fields, type, "TemplateProcessing or none");
    const Json& single = fields.need("single");
    if (!single.is_array()) fields.refuse("single", single, "a list");
    std::vector<Slot> slots;
    std::size_t texts = 0;
    for (std::size_t i = 0; i < single.size(); ++i) {
        const JsonFields slot(single[i], fmt::format("{}: single[{}]", fields.where(), i));
        if (slot.find("Sequence") != nullptr) {
            const JsonFields sequence = slot.object("Sequence");
            if (sequence.text("id") != "A") sequence.refuse("id", sequence.need("id"), "\"A\"");
            slots.push_back({.text = true, .ids = {}, .type = type_id(sequence)});
            ++texts;
        } else {
            const JsonFields special = slot.object("SpecialToken");
            slots.push_back(
                {.text = false, .ids = special_ids(fields, special.text("id")), .type = type_id(special)});
        }
    }
    if (texts != 1) {
        throw InputError(fmt::format("{}: single has the text {} times, expected once", fields.where(), texts));
    }
    return Template(std::move(slots));
}

Encoding Template::apply(const Encoding& body, const Vocabulary& vocabulary) const {
    Encoding out;
    for (const Slot& slot : slots_) {
        const std::vector<TokenId>& ids = slot.text ? body.ids : slot.ids;
        out.ids.insert(out.ids.end(), ids.begin(), ids.end());
        out.type_ids.resize(out.ids.size(), slot.type);
        if (slot.text) {
            out.tokens.insert(out.tokens.end(), body.tokens.begin(), body.tokens.end());
        } else {
            for (const TokenId id : ids) out.tokens.emplace_back(vocabulary.text(id));
        }
    }
    return out;
}

}  // namespace attnflow
