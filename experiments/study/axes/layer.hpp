#pragma once
/// Layer of the source, counted from 1 = nearest the input.

#include <algorithm>

#include "algorithms/attribution_method.hpp"
#include "experiments/study/axis.hpp"

namespace attnflow {

class LayerAxis {
public:
    static constexpr const char* name = axis::layer;
    static constexpr const char* top = "top";
    static constexpr const char* every = "all";

    static AxisInfo describe() {
        return {.name = name,
                .summary = "layer of the source, counted from 1 = nearest the input",
                .values = "an integer >= 1, top, or all (one grid point a layer)",
                .fallback = std::string(top),
                .taken_with = axis::layer,
                .stage = AxisStage::attribution};
    }
    static ParameterValue check(const ParameterValue& value, const std::string& where) {
        return check_word_or_index(value, name, {top, every}, 1, where);
    }
    static void apply(const ParameterValue& value, PointOptions& options) {
        if (value == ParameterValue(std::string(top))) {
            options.layer = std::nullopt;
        } else if (const auto* number = std::get_if<std::int64_t>(&value)) {
            options.layer = static_cast<std::size_t>(*number);
        } else {
            throw ParameterError(fmt::format("layer: {} is several points, expected one layer", every));
        }
    }
    /// Numbers: "top" may name one that is listed, "all" names each.
    static std::vector<ParameterValue> expand(const std::vector<ParameterValue>& values, std::size_t layers,
                                              const std::string& where) {
        std::vector<ParameterValue> numbers;
        const auto add = [&](std::int64_t layer) {
            if (layer > static_cast<std::int64_t>(layers)) {
                throw ParameterError(fmt::format("{}: there is no layer {}, the attention has layers 1 to {}",
                                                 where, layer, layers));
            }
            const ParameterValue number = layer;
            if (std::find(numbers.begin(), numbers.end(), number) == numbers.end()) numbers.push_back(number);
        };
        for (const ParameterValue& value : values) {
            if (value == ParameterValue(std::string(every))) {
                for (std::size_t l = 1; l <= layers; ++l) add(static_cast<std::int64_t>(l));
            } else if (value == ParameterValue(std::string(top))) {
                add(static_cast<std::int64_t>(layers));
            } else {
                add(std::get<std::int64_t>(value));
            }
        }
        return numbers;
    }
};

}  // namespace attnflow
