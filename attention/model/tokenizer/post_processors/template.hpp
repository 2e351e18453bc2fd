#pragma once
/// Puts special tokens around a text or a pair of texts: `TemplateProcessing` of tokenizer.json.

#include <vector>

#include "attention/model/tokenizer/component.hpp"
#include "attention/model/tokenizer/vocabulary.hpp"

namespace attnflow {

class Template {
public:
    static constexpr const char* noun = "post-processor";

    /// A place of the template: special tokens, or a text.
    struct Slot {
        enum class Kind { special, first, second };
        Kind kind = Kind::special;
        std::vector<TokenId> ids = {};  ///< of special tokens
        TokenId type = 0;               ///< segment of all tokens of the slot
    };

    /// `pair` is empty where there is no template for pairs.
    explicit Template(std::vector<Slot> single, std::vector<Slot> pair)
        : single_(std::move(single)), pair_(std::move(pair)) {}

    /// Where a tokenizer has no post-processor: nothing stands around the texts, the second is segment 1.
    static Template bare() {
        return Template({{Slot::Kind::first}}, {{Slot::Kind::first}, {Slot::Kind::second, {}, 1}});
    }

    /// `body` [tokens, ids] with what stands around it, and with its type ids.
    Encoding apply(const Encoding& body, const Vocabulary& vocabulary) const;
    /// The same of two texts. Throws InputError where there is no template for pairs.
    Encoding apply(const Encoding& first, const Encoding& second, const Vocabulary& vocabulary) const;

private:
    std::vector<Slot> single_;
    std::vector<Slot> pair_;
};

/// The component of that name. Throws InputError where a text does not stand exactly once.
class TemplateProcessing {
public:
    static EntryInfo describe();
    static Template read(const JsonFields& fields);
};

/// The post-processors of this build, each of which reads a template; the list is in template.cpp.
ComponentRegistry<Template>& post_processors();

/// Reads `post_processor` of a tokenizer.json. Throws InputError for a type that is not supported.
std::unique_ptr<const Template> read_post_processor(const JsonFields& fields);

}  // namespace attnflow
