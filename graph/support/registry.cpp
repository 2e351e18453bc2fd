#include "graph/support/registry.hpp"

#include <algorithm>
#include <cmath>
#include <mutex>
#include <set>

namespace attnflow {
namespace {

bool is_name(std::string_view text) {
    const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
    return !text.empty() && is_letter(text.front()) && std::all_of(text.begin(), text.end(), [&](char c) {
        return is_letter(c) || (c >= '0' && c <= '9') || c == '_';
    });
}

struct Noted {
    std::mutex mutex;
    std::vector<std::string> members;
};
Noted& noted() {
    static Noted all;
    return all;
}

}  // namespace

void check_entry(const EntryInfo& info, const std::string& noun, const std::vector<std::string>& promises) {
    const auto refuse = [&](const std::string& what) {
        throw InternalError(fmt::format("{} '{}': {}", noun, excerpt(info.name), what));
    };
    const auto check_names = [&](const std::string& what, const std::vector<std::string>& names) {
        std::set<std::string> seen;
        for (const std::string& name : names) {
            if (!is_name(name)) {
                refuse(fmt::format("{} '{}' is no name, expected letters, digits and _", what, excerpt(name)));
            }
            if (!seen.insert(name).second) refuse(fmt::format("{} '{}' is declared twice", what, name));
        }
    };
    if (!is_name(info.name)) refuse("this is no name, expected letters, digits and _");
    if (info.summary.empty()) refuse("has no summary, which lists and docs show");
    std::vector<std::string> parameters;
    for (const ParameterSpec& spec : info.parameters) parameters.push_back(spec.name);
    check_names("parameter", parameters);
    check_names("axis", info.axes);
    check_names("promise", info.promises);
    check_names("compared_with", info.compared_with);
    std::vector<std::string> diagnostics;
    for (const DiagnosticSpec& spec : info.diagnostics) diagnostics.push_back(spec.name);
    check_names("diagnostic", diagnostics);
    std::vector<std::string> expected;
    for (const Expectation& expectation : info.expects) expected.push_back(expectation.axis);
    check_names("expectation of axis", expected);
    for (const std::string& promise : info.promises) {
        if (promises.empty() || std::find(promises.begin(), promises.end(), promise) != promises.end()) continue;
        refuse(fmt::format("promises '{}', which no contract knows{}", promise, name_hint(promise, promises)));
    }
    for (const ParameterSpec& spec : info.parameters) {
        if (spec.more_choices) continue;  // of a registry that may not be whole yet
        try {
            spec.check(spec.fallback, "its default");
        } catch (const ParameterError& error) {
            refuse(fmt::format("parameter '{}': {}", spec.name, error.what()));
        }
    }
    if (!(info.tolerance >= 0.0) || std::isinf(info.tolerance))
        refuse(fmt::format("its tolerance {} is no number >= 0", info.tolerance));
}

std::vector<std::string> outside_members() {
    Noted& all = noted();
    const std::lock_guard lock(all.mutex);
    return all.members;
}

void note_outside_member(const std::string& noun, const std::string& name) {
    Noted& all = noted();
    const std::lock_guard lock(all.mutex);
    all.members.push_back(fmt::format("{} '{}'", noun, name));
}

}  // namespace attnflow
