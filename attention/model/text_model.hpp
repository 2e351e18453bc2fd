#pragma once
/// A model with its tokenizer, out of a Hugging Face directory.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "attention/model/model.hpp"
#include "attention/model/tokenizer/tokenizer.hpp"

namespace attnflow {

struct TextModel {
    std::string folder;
    std::string architecture;
    Tokenizer tokenizer;
    std::unique_ptr<Model> model;

    /// Loads a Hugging Face directory as it is: config.json, weights and tokenizer. `precision` is what it
    /// computes with, float32 or float64 (for checks, at half the speed). Throws InputError for whatever is
    /// missing, malformed or not supported, with what is; ParameterError for another precision.
    static TextModel open(const std::string& folder, const std::string& precision = "float32");

    /// The files that open() reads. Throws InputError when some cannot be found.
    static std::vector<std::string> files(const std::string& folder);

    /// The tokens of `text`. Throws InputError, beginning with `where`, for text that gives no
    /// token or more than the model has positions.
    Encoding encode(std::string_view text, const std::string& where) const;
};

}  // namespace attnflow
