#pragma once
/// Puts special tokens around a text: `TemplateProcessing` of tokenizer.json, for one text.

#include <vector>

#include "attention/model/tokenizer/vocabulary.hpp"

namespace attnflow {

class JsonFields;

class Template {
public:
    /// A place of the template: special tokens, or the text itself.
    struct Slot {
        bool text = false;
        std::vector<TokenId> ids;  ///< of special tokens
        TokenId type = 0;          ///< segment of all tokens of the slot
    };

    explicit Template(std::vector<Slot> slots) : slots_(std::move(slots)) {}

    /// Reads `post_processor` of a tokenizer.json. Throws InputError for a type that is not supported, and where
    /// the text does not stand exactly once.
    static Template read(const JsonFields& fields);

    /// `body` [tokens, ids] with what stands around it, and with its type ids.
    Encoding apply(const Encoding& body, const Vocabulary& vocabulary) const;

private:
    std::vector<Slot> slots_;
};

}  // namespace attnflow
