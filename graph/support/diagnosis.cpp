#include "graph/support/diagnosis.hpp"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include "graph/support/error.hpp"

namespace attnflow {
namespace {

/// Replaces each {name} of small letters and underscores by what `value` says of the name; other braces are code.
template <class Value>
std::string filled(std::string_view text, Value value) {
    const auto in_name = [](char c) { return std::islower(static_cast<unsigned char>(c)) != 0 || c == '_'; };
    std::string out;
    while (!text.empty()) {
        const std::size_t open = std::min(text.find('{'), text.size());
        out += text.substr(0, open);
        text.remove_prefix(open);
        if (text.empty()) break;
        const auto end = std::find_if_not(text.begin() + 1, text.end(), in_name);
        const auto length = static_cast<std::size_t>(end - text.begin()) - 1;
        if (length == 0 || end == text.end() || *end != '}') {
            out += '{';
            text.remove_prefix(1);
            continue;
        }
        out += value(text.substr(1, length));
        text.remove_prefix(length + 2);
    }
    return out;
}

/// In lines of at most 115 bytes where words allow it, all but the first indented.
std::string wrapped(std::string_view text) {
    constexpr std::size_t width = 115;
    std::string out;
    std::size_t column = 0;
    while (!text.empty()) {
        const std::size_t length = std::min(text.find(' '), text.size());
        if (column > 0 && column + 1 + length > width) {
            out += "\n  ";
            column = 2;
        } else if (column > 0) {
            out += ' ';
            ++column;
        }
        out += text.substr(0, length);
        column += length;
        text.remove_prefix(std::min(length + 1, text.size()));
    }
    return out;
}

}  // namespace

std::string Diagnosis::text(Values values) const {
    const std::string all = fmt::format("{}: {}; {}", symptom, cause, mend);
    return filled(all, [&](std::string_view name) -> std::string {
        for (const auto& [known, value] : values) {
            if (known == name) return value;
        }
        throw InternalError(fmt::format("diagnosis {}: no value for {}", id, name));
    });
}

std::string Diagnosis::advice(Values values) const {
    return Diagnosis{id, "", cause, mend}.text(values).substr(2);  // without ": "
}

std::string markdown(const Diagnoses& chapter) {
    const auto capitals = [](std::string_view name) {
        std::string out(name);
        std::transform(out.begin(), out.end(), out.begin(),
                       [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
        return out;
    };
    std::string out = fmt::format("\n## {}\n", chapter.title);
    for (const Diagnosis& entry : chapter.entries) {
        out += fmt::format("\n### {}\n\n{}\n{}\n{}\n", entry.id,
                           wrapped("- Seen: " + filled(entry.symptom, capitals)),
                           wrapped("- Cause: " + filled(entry.cause, capitals)),
                           wrapped("- Mend: " + filled(entry.mend, capitals)));
    }
    return out;
}

}  // namespace attnflow
