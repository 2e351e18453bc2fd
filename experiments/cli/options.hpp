#pragma once
/// Options that several commands have, and what several options ask of their values.

#include <charconv>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "attention/extract/texts.hpp"
#include "graph/support/error.hpp"
#include "graph/support/text.hpp"

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

/// Throws for a --text of white space only.
inline void refuse_blank(const std::string& text) {
    if (is_blank(text)) throw ParameterError("--text: is empty, expected a text with words");
}

/// --jobs, for commands whose results do not depend on it.
inline CLI::Option* add_jobs(CLI::App& command, std::size_t& jobs) {
    return command.add_option("--jobs", jobs, "Threads; the results do not depend on it")
        ->check(CLI::Range(std::size_t{1}, std::size_t{1024}))
        ->capture_default_str();
}

/// One of the names of `values`, turned into its value. CLI11's own check prints the whole map.
template <class Value>
CLI::Validator one_of(const std::vector<std::pair<std::string, Value>>& values) {
    return {[values](std::string& text) -> std::string {
                std::vector<std::string> names;
                for (const auto& [name, value] : values) {
                    if (name == text) {
                        text = std::to_string(static_cast<int>(value));
                        return "";
                    }
                    names.push_back(name);
                }
                const std::string last = names.back();
                names.pop_back();
                return escape_controls(text) + ": expected " + join(names, ", ") + " or " + last;
            },
            "", "ONE OF"};
}

}  // namespace attnflow
