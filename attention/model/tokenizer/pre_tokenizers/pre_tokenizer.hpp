#pragma once
/// Cuts normalised text into words, the units that a vocabulary is asked for: `pre_tokenizer` of tokenizer.json.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace attnflow {

class JsonFields;

class PreTokenizer {
public:
    virtual ~PreTokenizer() = default;
    /// The words of `text`, none of them empty.
    virtual std::vector<std::u32string> split(std::u32string_view text) const = 0;
};

/// Reads `pre_tokenizer` of a tokenizer.json. Throws InputError for a type that is not supported.
std::unique_ptr<const PreTokenizer> read_pre_tokenizer(const JsonFields& fields);

}  // namespace attnflow
