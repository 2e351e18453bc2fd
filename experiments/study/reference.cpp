#include "experiments/study/reference.hpp"

#include <optional>

#include "algorithms/attribution_method.hpp"
#include "experiments/study/method_call.hpp"

namespace attnflow {

Reference Reference::parse(const std::string& text, const std::string& where) {
    const auto inside = [&](const std::string& function) -> std::optional<std::string> {
        if (!text.starts_with(function + "(") || !text.ends_with(")")) return std::nullopt;
        return text.substr(function.size() + 1, text.size() - function.size() - 2);
    };
    if (const auto name = inside("abs")) return {Kind::absolute_scores, *name, text};
    if (const auto name = inside("method")) {
        const auto calls = method_calls(*name, fmt::format("{}: reference {}", where, excerpt(text)));
        if (calls.size() != 1)
            throw ParameterError(fmt::format("{}: reference {}, expected one method", where, excerpt(text)));
        return {Kind::method, calls.front(), "method(" + calls.front() + ")"};
    }
    if (text.empty() || text.find_first_of("()") != std::string::npos) {
        throw ParameterError(
            fmt::format("{}: reference '{}', expected NAME, abs(NAME) or method(NAME)", where, excerpt(text)));
    }
    return {Kind::scores, text, text};
}

}  // namespace attnflow
