#include "algorithms/diagnostics.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "graph/support/error.hpp"
#include "graph/support/text.hpp"

namespace attnflow {

void Diagnostics::add(const Diagnostics& other) {
    for (const auto& [name, value] : other.numbers) {
        const auto [known, fresh] = numbers.emplace(name, value);
        if (!fresh) known->second = std::max(known->second, value);
    }
    for (const std::string& warning : other.warnings) {
        if (std::find(warnings.begin(), warnings.end(), warning) == warnings.end()) warnings.push_back(warning);
    }
}

void check(const Diagnostics& diagnostics, const EntryInfo& method) {
    for (const auto& [name, value] : diagnostics.numbers) {
        const auto is_it = [&name = name](const DiagnosticSpec& spec) { return spec.name == name; };
        if (std::none_of(method.diagnostics.begin(), method.diagnostics.end(), is_it)) {
            std::vector<std::string> declared;
            for (const DiagnosticSpec& spec : method.diagnostics) declared.push_back(spec.name);
            throw InternalError(fmt::format(
                "method '{}' gives the diagnostic '{}', which its describe() does not declare{}", method.name,
                excerpt(name), declared.empty() ? ": it declares none" : name_hint(name, declared)));
        }
        if (!std::isfinite(value)) {
            throw InternalError(
                fmt::format("method '{}' gives the diagnostic '{}' as {}, expected a finite number, or none where "
                            "there is nothing to say",
                            method.name, name, value));
        }
    }
    for (const std::string& warning : diagnostics.warnings) {
        if (warning.empty())
            throw InternalError(fmt::format("method '{}' warns without a word of what", method.name));
    }
}

}  // namespace attnflow
