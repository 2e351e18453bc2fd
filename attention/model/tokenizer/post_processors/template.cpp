#include "attention/model/tokenizer/post_processors/template.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "attention/model/checkpoint/json_fields.hpp"
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

using Slot = Template::Slot;

/// `key` is "single" or "pair", in which each of the texts `names` stands once.
std::vector<Slot> read_slots(const JsonFields& fields, const std::string& key, const std::string& names) {
    const Json& list = fields.need(key);
    if (!list.is_array()) fields.refuse(key, list, "a list");
    std::vector<Slot> slots;
    std::vector<std::size_t> times(names.size(), 0);
    for (std::size_t i = 0; i < list.size(); ++i) {
        const JsonFields slot(list[i], fmt::format("{}: {}[{}]", fields.where(), key, i));
        if (slot.find("Sequence") != nullptr) {
            const JsonFields sequence = slot.object("Sequence");
            const std::string id = sequence.text("id");
            const std::size_t text = id.size() == 1 ? names.find(id) : std::string::npos;
            if (text == std::string::npos)
                sequence.refuse("id", sequence.need("id"), names == "A" ? "\"A\"" : "\"A\" or \"B\"");
            slots.push_back({text == 0 ? Slot::Kind::first : Slot::Kind::second, {}, type_id(sequence)});
            ++times[text];
        } else {
            const JsonFields special = slot.object("SpecialToken");
            slots.push_back({Slot::Kind::special, special_ids(fields, special.text("id")), type_id(special)});
        }
    }
    for (std::size_t text = 0; text < names.size(); ++text) {
        if (times[text] == 1) continue;
        throw InputError(fmt::format("{}: {} has the text {}{} times, expected once", fields.where(), key,
                                     names.size() == 1 ? "" : std::string(1, names[text]) + " ", times[text]));
    }
    return slots;
}

Encoding fill(const std::vector<Slot>& slots, const Encoding& first, const Encoding& second,
              const Vocabulary& vocabulary) {
    Encoding out;
    std::size_t words = 0;  // so far: two texts may meet without a token between them
    out.separators_inside = first.separators_inside + second.separators_inside;
    for (const Slot& slot : slots) {
        if (slot.kind == Slot::Kind::special) {
            out.ids.insert(out.ids.end(), slot.ids.begin(), slot.ids.end());
            for (const TokenId id : slot.ids) out.tokens.emplace_back(vocabulary.text(id));
            out.words.resize(out.tokens.size());
        } else {
            const Encoding& body = slot.kind == Slot::Kind::first ? first : second;
            out.ids.insert(out.ids.end(), body.ids.begin(), body.ids.end());
            out.tokens.insert(out.tokens.end(), body.tokens.begin(), body.tokens.end());
            const std::size_t before = words;
            for (const auto& word : body.words) {
                out.words.push_back(word ? std::optional(before + *word) : std::nullopt);
                if (word) words = std::max(words, before + *word + 1);
            }
        }
        out.type_ids.resize(out.ids.size(), slot.type);
    }
    return out;
}

}  // namespace

EntryInfo TemplateProcessing::describe() {
    return {.name = "TemplateProcessing",
            .summary = "special tokens around a text or a pair of texts, and the type of each",
            .complexity = "O(n)"};
}

Template TemplateProcessing::read(const JsonFields& fields) {
    const Json* pair = fields.find("pair");
    const bool has_pair = pair != nullptr && !pair->empty();
    return Template(read_slots(fields, "single", "A"),
                    has_pair ? read_slots(fields, "pair", "AB") : std::vector<Template::Slot>());
}

ComponentRegistry<Template>& post_processors() {
    static ComponentRegistry<Template> registry = [] {
        ComponentRegistry<Template> r;
        r.add<TemplateProcessing>();
        r.end_bundled();
        return r;
    }();
    return registry;
}

std::unique_ptr<const Template> read_post_processor(const JsonFields& fields) {
    return read_component(post_processors(), fields, fields.text("type"), {"none"});
}

Encoding Template::apply(const Encoding& body, const Vocabulary& vocabulary) const {
    return fill(single_, body, {}, vocabulary);
}

Encoding Template::apply(const Encoding& first, const Encoding& second, const Vocabulary& vocabulary) const {
    if (pair_.empty())
        throw InputError("a pair of texts, but the tokenizer's post_processor has no template for pairs");
    return fill(pair_, first, second, vocabulary);
}

}  // namespace attnflow
