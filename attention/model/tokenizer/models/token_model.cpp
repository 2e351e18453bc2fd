/// The list of models: one line each.

#include "attention/model/tokenizer/models/token_model.hpp"

#include "attention/model/checkpoint/json_fields.hpp"
#include "attention/model/tokenizer/models/word_level.hpp"
#include "attention/model/tokenizer/models/word_piece.hpp"

namespace attnflow {

ComponentRegistry<TokenModel>& token_models() {
    static ComponentRegistry<TokenModel> registry = [] {
        ComponentRegistry<TokenModel> r;
        r.add<WordLevel>();
        r.add<WordPiece>();
        r.end_bundled();
        return r;
    }();
    return registry;
}

std::unique_ptr<const TokenModel> read_token_model(const JsonFields& fields) {
    // Files by older writers do not name the model; only WordPiece has a continuation.
    const std::string type =
        fields.text("type", fields.find("continuing_subword_prefix") != nullptr ? "WordPiece" : "");
    return read_component(token_models(), fields, type, {});
}

}  // namespace attnflow
