#pragma once
/// Share w of the skip connection in A = w I + (1-w) W: one number, none, or one a layer.

#include "algorithms/attribution_method.hpp"
#include "experiments/study/axis.hpp"

namespace attnflow {

class SkipWeightAxis {
public:
    static constexpr const char* name = axis::skip_weight;

    static AxisInfo describe() {
        return {.name = name,
                .summary = "share w of the skip connection in A = w I + (1-w) W",
                .values = "a real in [0, 1], none, or per_layer(w1, ..., wL)",
                .fallback = 0.5,
                .taken_with = axis::skip_weight};
    }

    static ParameterValue check(const ParameterValue& value, const std::string& where) {
        const auto* text = std::get_if<std::string>(&value);
        if (text == nullptr || text->find_first_not_of("+-.0123456789eE") == std::string::npos)
            return check_number(weight(), value, where);
        if (*text == "none") return 0.0;
        const auto weights = per_layer(*text, where);
        if (weights.empty()) {
            throw ParameterError(
                fmt::format("{}: skip_weight is {}, expected a real in [0, 1], none or per_layer(w1, ..., wL)",
                            where, excerpt(*text)));
        }
        std::vector<std::string> texts;
        for (const double w : weights) texts.push_back(to_text(w));
        return "per_layer(" + join(texts, ", ") + ")";
    }

    static void apply(const ParameterValue& value, PointOptions& options) {
        if (const auto* w = std::get_if<double>(&value)) {
            options.network.skip_weight = *w;
        } else {
            options.network.layer_skip_weights = per_layer(std::get<std::string>(value), name);
        }
    }

private:
    static ParameterSpec weight() {
        return {.name = name, .summary = "", .fallback = 0.5, .minimum = 0.0, .maximum = 1.0};
    }

    // The weights of per_layer(w1, ..., wL), nothing for another call.
    static std::vector<double> per_layer(const std::string& text, const std::string& where) {
        const Call call = parse_call(text, where + ": skip_weight");
        std::vector<double> weights;
        for (const CallArgument& argument : call.arguments) {
            if (call.name != "per_layer" || !argument.name.empty()) return {};
            weights.push_back(std::get<double>(weight().parse(argument.value, where)));
        }
        return weights;
    }
};

}  // namespace attnflow
