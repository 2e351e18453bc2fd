#include "graph/support/call.hpp"

#include <fmt/format.h>

#include "graph/support/error.hpp"
#include "graph/support/text.hpp"

namespace attnflow {
namespace {

std::string_view trim(std::string_view text) {
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
    while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
    return text;
}

std::string with_arguments(const std::string& name, const std::vector<std::string>& arguments) {
    return arguments.empty() ? name : name + "(" + join(arguments, ", ") + ")";
}

}  // namespace

Call parse_call(std::string_view text, const std::string& where) {
    const auto refuse = [&] {
        throw ParameterError(fmt::format("{}: '{}', expected NAME or NAME(VALUE, ...)", where, excerpt(text)));
    };
    std::string_view rest = trim(text);
    const std::size_t open = rest.find('(');
    Call call{std::string(trim(rest.substr(0, open))), {}};
    if (call.name.empty() || call.name.find_first_of("),= ") != std::string::npos) refuse();
    if (open == std::string_view::npos) return call;
    if (!rest.ends_with(')')) refuse();
    rest = trim(rest.substr(open + 1, rest.size() - open - 2));
    while (!rest.empty()) {
        const std::size_t comma = rest.find(',');
        const std::string_view argument = rest.substr(0, comma);
        const std::size_t equals = argument.find('=');
        const bool named = equals != std::string_view::npos;
        const std::string_view name = named ? trim(argument.substr(0, equals)) : std::string_view();
        const std::string_view value = trim(named ? argument.substr(equals + 1) : argument);
        if (value.empty() || (named && name.empty()) || value.find_first_of("()=") != std::string_view::npos) {
            refuse();
        }
        call.arguments.push_back({std::string(name), std::string(value)});
        if (comma == std::string_view::npos) break;
        rest = trim(rest.substr(comma + 1));
        if (rest.empty()) refuse();
    }
    return call;
}

std::map<std::string, ParameterValue> call_values(const Call& call, const std::vector<ParameterSpec>& specs,
                                                  const std::string& where) {
    const std::string place = where + ": " + excerpt(call.name);
    std::map<std::string, ParameterValue> values;
    for (std::size_t a = 0; a < call.arguments.size(); ++a) {
        const CallArgument& argument = call.arguments[a];
        const ParameterSpec* spec = nullptr;
        std::vector<std::string> names;
        for (const ParameterSpec& candidate : specs) {
            if (candidate.name == argument.name) spec = &candidate;
            names.push_back(candidate.name);
        }
        if (argument.name.empty() && a < specs.size()) spec = &specs[a];
        if (spec == nullptr && argument.name.empty()) {
            throw ParameterError(fmt::format("{}: {} values, expected {}", place, call.arguments.size(),
                                             specs.empty() ? "none" : "at most " + call_form(call.name, specs)));
        }
        if (spec == nullptr) {
            throw ParameterError(fmt::format("{}: no parameter '{}'{}", place, excerpt(argument.name),
                                             names.empty() ? "; it takes none" : name_hint(argument.name, names)));
        }
        if (!values.emplace(spec->name, spec->parse(argument.value, place)).second) {
            throw ParameterError(fmt::format("{}: {} is given twice", place, spec->name));
        }
    }
    return values;
}

std::string call_text(const std::string& name, const std::vector<ParameterSpec>& specs,
                      const std::map<std::string, ParameterValue>& values) {
    std::vector<std::string> arguments;
    for (const ParameterSpec& spec : specs) {
        const auto found = values.find(spec.name);
        arguments.push_back(to_text(found == values.end() ? spec.fallback : found->second));
    }
    return with_arguments(name, arguments);
}

std::string call_form(const std::string& name, const std::vector<ParameterSpec>& specs) {
    std::vector<std::string> arguments;
    for (const ParameterSpec& spec : specs) arguments.push_back(spec.name);
    return with_arguments(name, arguments);
}

}  // namespace attnflow
