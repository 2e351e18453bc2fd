/// The list of models: one line each.

#include "attention/model/tokenizer/models/token_model.hpp"

#include "attention/model/checkpoint/json_fields.hpp"
#include "attention/model/tokenizer/component.hpp"
#include "attention/model/tokenizer/models/word_level.hpp"
#include "attention/model/tokenizer/models/word_piece.hpp"

namespace attnflow {

std::unique_ptr<const TokenModel> read_token_model(const JsonFields& fields) {
    // Files by older writers do not name the model; only WordPiece has a continuation.
    const std::string type =
        fields.text("type", fields.find("continuing_subword_prefix") != nullptr ? "WordPiece" : "");
    if (type == "WordLevel") return std::make_unique<WordLevel>();
    if (type == "WordPiece") return std::make_unique<WordPiece>(WordPiece::read(fields));
    refuse_component(fields, type, "WordLevel or WordPiece");
}

}  // namespace attnflow
