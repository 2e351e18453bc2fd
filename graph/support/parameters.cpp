#include "graph/support/parameters.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include <fmt/format.h>

#include "graph/support/error.hpp"
#include "graph/support/text.hpp"

namespace attnflow {
namespace {

const char* type_name(const ParameterValue& value) {
    constexpr const char* names[] = {"boolean", "integer", "real", "text"};
    return names[value.index()];
}

}  // namespace

std::string to_text(const ParameterValue& value) {
    return std::visit([](const auto& v) { return fmt::format("{}", v); }, value);
}

std::vector<std::string> ParameterSpec::all_choices() const {
    std::vector<std::string> names = choices;
    if (more_choices) {
        const std::vector<std::string> more = more_choices();
        names.insert(names.end(), more.begin(), more.end());
    }
    return names;
}

std::string ParameterSpec::range_text() const {
    if (const auto names = all_choices(); !names.empty()) return "one of " + join(names, ", ");
    std::string text = type_name(fallback);
    if (minimum && maximum) return fmt::format("{} in [{}, {}]", text, *minimum, *maximum);
    if (minimum) return fmt::format("{}, at least {}", text, *minimum);
    if (maximum) return fmt::format("{}, at most {}", text, *maximum);
    return text;
}

ParameterValue ParameterSpec::check(const ParameterValue& value, const std::string& where) const {
    ParameterValue result = value;
    if (std::holds_alternative<double>(fallback) && std::holds_alternative<std::int64_t>(value)) {
        result = static_cast<double>(std::get<std::int64_t>(value));
    }
    const auto refuse = [&](const std::string& hint) {
        throw ParameterError(fmt::format("{}: {} is {} ({}), expected {}{}", where, name, excerpt(to_text(value)),
                                         type_name(value), range_text(), hint));
    };
    if (result.index() != fallback.index()) refuse("");
    const auto names = all_choices();
    if (const auto* text = std::get_if<std::string>(&result); text && !names.empty()) {
        if (std::find(names.begin(), names.end(), *text) == names.end()) {
            const std::string nearest = nearest_name(*text, names);
            refuse(nearest.empty() ? "" : "; did you mean '" + nearest + "'?");
        }
    }
    double number = 0.0;
    if (const auto* integer = std::get_if<std::int64_t>(&result)) {
        number = static_cast<double>(*integer);
    } else if (const auto* real = std::get_if<double>(&result)) {
        number = *real;
    } else {
        return result;
    }
    if (number == 0.0 && std::holds_alternative<double>(result)) result = 0.0;  // -0 is no value of its own
    if (!std::isfinite(number) || (minimum && number < *minimum) || (maximum && number > *maximum)) {
        refuse("");
    }
    return result;
}

ParameterValue ParameterSpec::parse(std::string_view text, const std::string& where) const {
    if (std::holds_alternative<std::string>(fallback)) return check(std::string(text), where);
    if (std::holds_alternative<bool>(fallback) && (text == "true" || text == "false")) {
        return check(text == "true", where);
    }
    const char* end = text.data() + text.size();
    if (std::holds_alternative<std::int64_t>(fallback)) {
        std::int64_t number = 0;
        if (const auto r = std::from_chars(text.data(), end, number); r.ec == std::errc() && r.ptr == end) {
            return check(number, where);
        }
    } else if (std::holds_alternative<double>(fallback)) {
        double number = 0.0;
        if (const auto r = std::from_chars(text.data(), end, number); r.ec == std::errc() && r.ptr == end) {
            return check(number, where);
        }
    }
    return check(std::string(text), where);  // always refuses: the type differs
}

Parameters::Parameters(const std::vector<ParameterSpec>& specs, const std::map<std::string, ParameterValue>& given,
                       const std::string& where) {
    for (const ParameterSpec& spec : specs) {
        const auto found = given.find(spec.name);
        values_[spec.name] = found == given.end() ? spec.fallback : spec.check(found->second, where);
    }
    for (const auto& [name, value] : given) {
        if (values_.contains(name)) continue;
        std::vector<std::string> names;
        for (const ParameterSpec& spec : specs) names.push_back(spec.name);
        throw ParameterError(fmt::format("{}: no parameter '{}'{}", where, excerpt(name),
                                         names.empty() ? "; it takes none" : name_hint(name, names)));
    }
}

}  // namespace attnflow
