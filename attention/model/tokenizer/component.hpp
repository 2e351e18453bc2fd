#pragma once
/// What readers of a tokenizer's components share.

#include <cstddef>
#include <cstdint>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "attention/model/tokenizer/encoding.hpp"

namespace attnflow {

class JsonFields;

inline constexpr std::size_t longest_token = 10'000;  ///< bytes
inline constexpr std::int64_t largest_token_id = 100'000'000;

/// Throws InputError: the component at `fields` is of a type that is not supported.
[[noreturn]] void refuse_component(const JsonFields& fields, const std::string& type,
                                   const std::string& supported);

/// An id of a token. Throws InputError for what is none.
TokenId read_token_id(const nlohmann::json& value, const std::string& where);

}  // namespace attnflow
