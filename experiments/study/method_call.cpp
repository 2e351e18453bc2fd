#include "experiments/study/method_call.hpp"

#include "graph/support/call.hpp"

namespace attnflow {
namespace {

constexpr std::size_t most_calls = 1000;

/// `text` once for each value of its lists.
std::vector<std::string> unrolled(const std::string& text, const std::string& where) {
    std::vector<std::string> whole{""};
    std::size_t at = 0;
    while (at < text.size()) {
        const std::size_t open = text.find('[', at);
        for (std::string& one : whole) one += text.substr(at, open - at);
        if (open == std::string::npos) break;
        const std::size_t close = text.find(']', open);
        if (close == std::string::npos || text.find('[', open + 1) < close)
            throw ParameterError(fmt::format("{}: '{}', expected a ] for its [", where, excerpt(text)));
        std::vector<std::string> extended;
        std::string_view rest = std::string_view(text).substr(open + 1, close - open - 1);
        for (;;) {
            const std::size_t comma = rest.find(',');
            for (const std::string& one : whole) extended.push_back(one + std::string(rest.substr(0, comma)));
            if (comma == std::string_view::npos) break;
            rest.remove_prefix(comma + 1);
        }
        if (extended.size() > most_calls)
            throw ParameterError(
                fmt::format("{}: '{}' are more than {} methods", where, excerpt(text), most_calls));
        whole = std::move(extended);
        at = close + 1;
    }
    return whole;
}

}  // namespace

const AttributionRegistry::Entry& method_entry(std::string_view call) {
    return attribution_methods().at(parse_call(call, AttributionFamily::noun).name);
}

std::map<std::string, ParameterValue> method_parameters(std::string_view call, const std::string& where) {
    return call_values(parse_call(call, where), method_entry(call).info.parameters, where);
}

std::vector<std::string> method_calls(const std::string& text, const std::string& where) {
    std::vector<std::string> calls;
    for (const std::string& one : unrolled(text, where)) {
        const Call call = parse_call(one, where);
        const AttributionRegistry::Entry* entry = attribution_methods().find(call.name);
        if (entry == nullptr)
            throw ParameterError(fmt::format("{}: no method '{}'{}", where, excerpt(call.name),
                                             name_hint(call.name, attribution_methods().names())));
        const auto values = call_values(call, entry->info.parameters, where);
        std::vector<std::string> arguments;
        for (const ParameterSpec& spec : entry->info.parameters) {
            const auto given = values.find(spec.name);
            if (given != values.end()) arguments.push_back(spec.name + "=" + to_text(given->second));
        }
        calls.push_back(arguments.empty() ? call.name : call.name + "(" + join(arguments, ", ") + ")");
    }
    return calls;
}

}  // namespace attnflow
