#pragma once
/// Options that several commands have, and what several options ask of their values.

#include <charconv>
#include <cmath>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "attention/extract/texts.hpp"
#include "experiments/cli/command_line.hpp"
#include "experiments/cli/terminal.hpp"
#include "graph/support/error.hpp"
#include "graph/support/text.hpp"

namespace attnflow {

/// A file or folder: an empty name is nearly always a variable of a script that was not set.
inline Check has_name() {
    return {"NAME", [](const std::string& text) { return text.empty() ? "is empty, expected a name" : ""; }};
}

/// A whole number from 0 on: the parser would wrap -1 to 2^64 - 1.
inline Check is_count() {
    return {"COUNT", [](const std::string& text) {
                return text.find('-') != std::string::npos ? "is " + text + ", expected a whole number >= 0" : "";
            }};
}

/// A finite number from 0 on.
inline Check is_tolerance() {
    return {"TOLERANCE", [](const std::string& text) -> std::string {
                double value = 0.0;
                const char* end = text.data() + text.size();
                const auto read = std::from_chars(text.data(), end, value);
                const bool good =
                    read.ec == std::errc() && read.ptr == end && std::isfinite(value) && value >= 0.0;
                return good ? "" : "is " + text + ", expected a number >= 0";
            }};
}

/// Throws for the text of `option` where it is white space only.
inline void refuse_blank(const std::string& text, const std::string& option) {
    if (is_blank(text)) throw ParameterError(option + ": is empty, expected a text with words");
}

/// --jobs, for commands whose results do not depend on it.
inline Option add_jobs(Command& command, std::size_t& jobs) {
    return command.option("--jobs", jobs, "Threads; the results do not depend on it")
        .between(1, 1024)
        .shows_default();
}

/// The values of --color.
inline std::vector<std::pair<std::string, Color>> color_names() {
    return {{"auto", Color::automatic}, {"always", Color::always}, {"never", Color::never}};
}

}  // namespace attnflow
