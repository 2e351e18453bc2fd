#pragma once
/// A model with its tokenizer, out of a Hugging Face directory.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "attention/model/model.hpp"
#include "attention/model/tokenizer/tokenizer.hpp"

namespace attnflow {

/// What a model may compute with: "float32", "float64".
std::vector<std::string> precision_names();

struct TextModel {
    std::string folder;
    std::string architecture;
    Tokenizer tokenizer;
    std::unique_ptr<Model> model;

    /// Loads a Hugging Face directory as it is: config.json, weights and tokenizer. `precision` is what it
    /// computes with, float32 or float64 (for checks, at half the speed). Throws InputError for whatever is
    /// missing, malformed or not supported, with what is; ParameterError for another precision.
    static TextModel open(const std::string& folder, const std::string& precision = "float32");

    /// What the model in a directory says of a text, by config.json and the headers of its weights. Throws
    /// InputError as open() does of these.
    static Task task_of(const std::string& folder);

    /// The files that open() reads. Throws InputError when some cannot be found.
    static std::vector<std::string> files(const std::string& folder);

    /// The tokens of `text`. Throws InputError, beginning with `where`, for text that gives no
    /// token or more than the model has positions.
    Encoding encode(std::string_view text, const std::string& where) const;
    /// Those of a text and, if there is one, the second text of a pair, as one input.
    Encoding encode(std::string_view text, const std::optional<std::string>& pair, const std::string& where) const;
    /// Whether separators inside texts make the model read something else than was meant: one text otherwise than
    /// as a pair, all with the first of its token types; a pair as more than two texts.
    bool misreads_separators(const Encoding& encoding, bool is_pair) const {
        return encoding.separators_inside > 0 && (is_pair || model->shape().types > 1);
    }
};

}  // namespace attnflow
