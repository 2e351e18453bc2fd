#pragma once
/// JSON from strangers. nlohmann-json accepts any depth and lets the last of two equal
/// keys win; here both are refused, so that a file means one thing to every reader.

#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

namespace attnflow {

/// The one value in `text`. Throws InputError, beginning with `what`, for text that is not
/// JSON, is followed by anything but white space, holds ill-formed UTF-8, the same key
/// twice in one object, arrays and objects nested more than 32 deep, a number beyond
/// double, or more than 10^7 values. O(|text| log |text|), without recursion.
nlohmann::json parse_json(std::string_view text, const std::string& what);

}  // namespace attnflow
