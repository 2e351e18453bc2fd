#pragma once
/// What is done to a text before it is cut into words: `normalizer` of tokenizer.json.

#include <memory>
#include <string>
#include <string_view>

#include "attention/model/tokenizer/component.hpp"

namespace attnflow {

class Normalizer {
public:
    static constexpr const char* noun = "normalizer";

    virtual ~Normalizer() = default;
    virtual std::u32string normalize(std::u32string_view text) const = 0;

    /// Throws InputError where `settings`, those of tokenizer_config.json, contradict this normalizer, which is of
    /// the file `where`: programs differ in which of the two they follow.
    virtual void check_settings(const JsonFields& settings, const std::string& where) const = 0;
};

/// The normalizers of this build; the list is in normalizer.cpp.
ComponentRegistry<Normalizer>& normalizers();

/// Reads `normalizer` of a tokenizer.json. Throws InputError for a type that is not supported.
std::unique_ptr<const Normalizer> read_normalizer(const JsonFields& fields);

}  // namespace attnflow
