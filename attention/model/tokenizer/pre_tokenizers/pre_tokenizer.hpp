#pragma once
/// Cuts normalised text into words, the units that a vocabulary is asked for: `pre_tokenizer` of tokenizer.json.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "attention/model/tokenizer/component.hpp"

namespace attnflow {

class PreTokenizer {
public:
    static constexpr const char* noun = "pre-tokenizer";

    virtual ~PreTokenizer() = default;
    /// The words of `text`, none of them empty.
    virtual std::vector<std::u32string> split(std::u32string_view text) const = 0;
};

/// The pre-tokenizers of this build; the list is in pre_tokenizer.cpp.
ComponentRegistry<PreTokenizer>& pre_tokenizers();

/// Reads `pre_tokenizer` of a tokenizer.json. Throws InputError for a type that is not supported.
std::unique_ptr<const PreTokenizer> read_pre_tokenizer(const JsonFields& fields);

}  // namespace attnflow
