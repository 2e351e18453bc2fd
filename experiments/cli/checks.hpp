#pragma once
/// What several options ask of their values.

#include <charconv>
#include <cmath>
#include <string>

#include <CLI/CLI.hpp>

namespace attnflow {

/// A file or folder: an empty name is nearly always a variable of a script that was not set.
inline CLI::Validator has_name() {
    return {[](const std::string& text) { return text.empty() ? "is empty, expected a name" : ""; }, "", "NAME"};
}

/// A whole number from 0 on: CLI11 wraps -1 to 2^64 - 1.
inline CLI::Validator is_count() {
    return {[](const std::string& text) {
                return text.find('-') != std::string::npos ? "is " + text + ", expected a whole number >= 0" : "";
            },
            "", "COUNT"};
}

/// A finite number from 0 on.
inline CLI::Validator is_tolerance() {
    return {[](const std::string& text) -> std::string {
                double value = 0.0;
                const char* end = text.data() + text.size();
                const auto read = std::from_chars(text.data(), end, value);
                const bool good =
                    read.ec == std::errc() && read.ptr == end && std::isfinite(value) && value >= 0.0;
                return good ? "" : "is " + text + ", expected a number >= 0";
            },
            "", "TOLERANCE"};
}

}  // namespace attnflow
