#pragma once
/// What the capacities are made of: attention, or other weights of the same shape.

#include "algorithms/attribution_method.hpp"
#include "experiments/study/axis.hpp"

namespace attnflow {

class EdgeWeightsAxis {
public:
    static constexpr const char* name = "edge_weights";

    static AxisInfo describe() {
        return {.name = name,
                .summary = "what the capacities are made of",
                .values = std::string(attention_weights) +
                          ", the NAME of tensors ID.NAME in the dataset, or an edge weight that the model gives",
                .fallback = std::string(attention_weights),
                .taken_with = axis::heads};
    }
    static ParameterValue check(const ParameterValue& value, const std::string& where) {
        const ParameterSpec text{.name = name, .summary = "", .fallback = std::string()};
        if (!std::get<std::string>(text.check(value, where)).empty()) return value;
        throw ParameterError(fmt::format("{}: {} is empty, expected {} or the name of other edge weights", where,
                                         name, attention_weights));
    }
    static void apply(const ParameterValue& value, PointOptions& options) {
        options.edge_weights = std::get<std::string>(value);
    }
};

}  // namespace attnflow
