#pragma once
/// What the capacities are made of: attention, or other weights of the same shape.

#include "algorithms/attribution_method.hpp"
#include "attention/extract/edge_weights/edge_weight.hpp"
#include "experiments/study/axis.hpp"

namespace attnflow {

class EdgeWeightsAxis {
public:
    static constexpr const char* name = "edge_weights";

    static AxisInfo describe() {
        return {
            .name = name,
            .summary = "what the capacities are made of",
            .values =
                std::string(attention_weights) +
                ", the NAME of tensors ID.NAME in the dataset, or an edge weight that the model gives: one of " +
                edge_weights().forms(),
            .fallback = std::string(attention_weights),
            .taken_with = axis::heads};
    }
    static ParameterValue check(const ParameterValue& value, const std::string& where) {
        const ParameterSpec spec{.name = name, .summary = "", .fallback = std::string()};
        const std::string text = std::get<std::string>(spec.check(value, where));
        if (find_edge_weight(text) != nullptr) return edge_weight_name(text, fmt::format("{}: {}", where, name));
        if (!text.empty()) return text;
        throw ParameterError(fmt::format("{}: {} is empty, expected {} or the name of other edge weights", where,
                                         name, attention_weights));
    }
    static const EntryInfo* member(const ParameterValue& value) {
        return entry_of_call(attnflow::edge_weights(), value);
    }
    static void apply(const ParameterValue& value, PointOptions& options) {
        options.edge_weights = std::get<std::string>(value);
    }
};

}  // namespace attnflow
